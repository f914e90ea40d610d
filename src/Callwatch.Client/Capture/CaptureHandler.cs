using System.Diagnostics;

namespace Callwatch.Client.Capture;

/// <summary>
/// Makes a span of every call to a model that goes through it: OpenAI Chat Completions, Responses, Embeddings and older completions, also of Azure and
/// of every host that speaks them; Anthropic Messages; Gemini. Streaming or not, bytes pass through untouched, and nothing that is wrong with a call or
/// with looking at it changes what its caller gets. Each attempt of a retry outside of this handler is a span of its own.
/// Spans are those of the source <see cref="CallwatchSource.Name"/>, by the OpenTelemetry GenAI conventions.
/// </summary>
public sealed class CaptureHandler : DelegatingHandler
{
    private readonly CaptureOptions options;

    /// <summary>For a chain that is built elsewhere, as by <c>IHttpClientFactory</c>.</summary>
    /// <param name="options">What is captured; null for the defaults.</param>
    public CaptureHandler(CaptureOptions? options = null) => this.options = options ?? new CaptureOptions();

    /// <summary>With the handler that sends: <c>new HttpClient(new CaptureHandler(new SocketsHttpHandler()))</c>.</summary>
    /// <param name="inner">What sends.</param>
    /// <param name="options">What is captured; null for the defaults.</param>
    public CaptureHandler(HttpMessageHandler inner, CaptureOptions? options = null)
        : base(inner) => this.options = options ?? new CaptureOptions();

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Begin(request) is not { } watching) return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var content = request.Content;
        if (content is not null) request.Content = new RequestTee(content, watching);
        try
        {
            return Wrapped(await base.SendAsync(request, cancellationToken).ConfigureAwait(false), watching);
        }
        catch (Exception e)
        {
            watching.Failed(e);
            throw;
        }
        finally
        {
            request.Content = content;
        }
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var outside = Activity.Current;
        if (Begin(request) is not { } watching) return base.Send(request, cancellationToken);
        var content = request.Content;
        if (content is not null) request.Content = new RequestTee(content, watching);
        try
        {
            return Wrapped(base.Send(request, cancellationToken), watching);
        }
        catch (Exception e)
        {
            watching.Failed(e);
            throw;
        }
        finally
        {
            request.Content = content;
            Activity.Current = outside;
        }
    }

    private static HttpResponseMessage Wrapped(HttpResponseMessage response, Watching watching)
    {
        watching.Answered(response);
        response.Content = new ResponseTee(response.Content, watching);
        return response;
    }

    // Null for what is no call to a model, and where nobody listens.
    private Watching? Begin(HttpRequestMessage request)
    {
        try
        {
            if (!CallwatchSource.Activities.HasListeners() || Recognition.Of(request) is not { } call || options.Ignore?.Invoke(request) == true) return null;
            var tags = new ActivityTagsCollection { { "gen_ai.operation.name", call.Operation }, { "server.address", request.RequestUri!.Host }, { "server.port", (long)request.RequestUri.Port } };
            if (call.Provider is not null) tags["gen_ai.provider.name"] = call.Provider;
            var name = call.Model is null ? call.Operation : call.Operation + " " + call.Model;
            return CallwatchSource.Activities.StartActivity(name, ActivityKind.Client, default(ActivityContext), tags) is { } span ? new Watching(span, call, options) : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }
}
