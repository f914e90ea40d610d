using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>Requests to stand-ins as a test wants them, past the product.</summary>
internal static class Posting
{
    public static async Task<HttpResponseMessage> PostAsync(
        string address, byte[] body, string? type, IReadOnlyDictionary<string, string> headers, string? coding = null, HttpMethod? method = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, address);
        if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
        {
            request.Content = new ByteArrayContent(body);
            if (type is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            if (coding is not null) request.Content.Headers.ContentEncoding.Add(coding);
        }

        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
