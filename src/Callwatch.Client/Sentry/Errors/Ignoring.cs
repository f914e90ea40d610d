using System.Net;
using System.Reflection;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>Which exceptions are no errors of the application.</summary>
internal sealed class Ignoring(IEnumerable<string> names)
{
    // The official OpenAI and Azure libraries tell a rate limit by a status; named as texts, because neither is referenced.
    private static readonly PropertyInfo? ClientStatus = Type.GetType("System.ClientModel.ClientResultException, System.ClientModel", throwOnError: false)?.GetProperty("Status");
    private static readonly PropertyInfo? AzureStatus = Type.GetType("Azure.RequestFailedException, Azure.Core", throwOnError: false)?.GetProperty("Status");

    private readonly HashSet<string> names = new(names, StringComparer.Ordinal);

    /// <param name="isLeaving">The request was aborted by its caller, or the host is ending.</param>
    public bool Ignores(Exception exception, bool isLeaving) => exception switch
    {
        // Of several only when all are.
        AggregateException { InnerExceptions.Count: > 0 } many => many.InnerExceptions.All(one => Ignores(one, isLeaving)),
        OperationCanceledException => isLeaving || IsNamed(exception),
        HttpRequestException { StatusCode: not null } => true,
        _ => IsNamed(exception) || IsRateLimit(exception),
    };

    private bool IsNamed(Exception exception)
    {
        for (var type = exception.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            if (type.FullName is { } name && names.Contains(name)) return true;
        return false;
    }

    private static bool IsRateLimit(Exception exception)
    {
        if (exception.GetType().Name is "RateLimitException" or "RateLimitExceededException" or "RateLimitError" or "TooManyRequestsException") return true;
        return Is429(ClientStatus, exception) || Is429(AzureStatus, exception);
    }

    private static bool Is429(PropertyInfo? status, Exception exception) =>
        status?.DeclaringType?.IsInstanceOfType(exception) == true && status.GetValue(exception) is (int)HttpStatusCode.TooManyRequests;
}
