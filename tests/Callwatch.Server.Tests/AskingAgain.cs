using System.Net;

namespace Callwatch.Server.Tests;

/// <summary>
/// Asks once more what a server on a machine with much to do had no time for, as whoever is told so would. For tests of what is there,
/// not of how soon a question is answered.
/// </summary>
internal sealed class AskingAgain() : DelegatingHandler(new SocketsHttpHandler())
{
    private const int Most = 100;

    private static readonly string[] NotInTime = ["\"too_much\"", "\"too_slow\"", "\"too_many_questions\""];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var asked = 1; ; asked++)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (request.Method != HttpMethod.Get || asked == Most || !await IsTooSlowAsync(response, cancellationToken)) return response;
            response.Dispose();
            await Task.Delay(asked * 10, cancellationToken);
        }
    }

    private static async Task<bool> IsTooSlowAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.StatusCode is not (HttpStatusCode.UnprocessableEntity or HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)) return false;
        await response.Content.LoadIntoBufferAsync(cancel);
        var said = await response.Content.ReadAsStringAsync(cancel);
        return NotInTime.Any(code => said.Contains(code, StringComparison.Ordinal));
    }
}
