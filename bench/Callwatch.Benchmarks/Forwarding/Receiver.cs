using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Callwatch.Benchmarks.Forwarding;

/// <summary>A platform that takes everything unread, at once or after a while, in its own words, and remembers when something last came.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TimeSpan delay;
    private readonly bool keeps;
    private ConcurrentQueue<Sent> kept = new();
    private long requests, bytes, last;

    private Receiver(WebApplication app, TimeSpan delay, bool keeps) => (this.app, this.delay, this.keeps) = (app, delay, keeps);

    public string Address => app.Urls.First();

    public long Requests => Interlocked.Read(ref requests);

    public long Bytes => Interlocked.Read(ref bytes);

    /// <param name="keeps">Whether what comes is kept, to be sent once more.</param>
    public static async Task<Receiver> StartAsync(TimeSpan delay, bool keeps)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var receiver = new Receiver(builder.Build(), delay, keeps);
        receiver.app.Run(receiver.TakeAsync);
        await receiver.app.StartAsync();
        return receiver;
    }

    public void Reset()
    {
        kept = new ConcurrentQueue<Sent>();
        Interlocked.Exchange(ref requests, 0);
        Interlocked.Exchange(ref bytes, 0);
    }

    /// <summary>From a moment to the last arrival.</summary>
    public TimeSpan LastAfter(long start) => Stopwatch.GetElapsedTime(start, Interlocked.Read(ref last));

    /// <summary>Posts what has come once more, with nothing but a client in a loop, as many at once as a lane; returns the time to the last arrival.</summary>
    public async Task<TimeSpan> RepeatAsync(int atOnce)
    {
        var again = new ConcurrentQueue<Sent>(kept);
        using var http = new HttpClient();
        http.BaseAddress = new Uri(Address);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            while (again.TryDequeue(out var sent))
            {
                using var request = new HttpRequestMessage(new HttpMethod(sent.Method), sent.Path) { Content = new ByteArrayContent(sent.Body) };
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(sent.Type);
                if (sent.Encoding is { } encoding) request.Content.Headers.ContentEncoding.Add(encoding);
                using var response = await http.SendAsync(request);
                response.EnsureSuccessStatusCode();
            }
        })));
        return LastAfter(start);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var request = context.Request;
        using var body = new MemoryStream((int)Math.Max(request.ContentLength ?? 0, 0));
        await request.Body.CopyToAsync(body);
        if (!HttpMethods.IsGet(request.Method))
        {
            Interlocked.Exchange(ref last, Stopwatch.GetTimestamp());
            Interlocked.Increment(ref requests);
            Interlocked.Add(ref bytes, body.Length);
            var encoding = request.Headers.ContentEncoding.ToString();
            if (keeps) kept.Enqueue(new Sent(request.Method, request.Path.ToUriComponent() + request.QueryString, request.ContentType!, encoding.Length > 0 ? encoding : null, body.ToArray()));
            if (delay > TimeSpan.Zero) await Task.Delay(delay);
        }

        var (status, type, answer) = Platforms.Answer(request.Method, request.Path.Value!);
        context.Response.StatusCode = status;
        if (status == 204) return;
        context.Response.ContentType = type;
        context.Response.ContentLength = answer.Length;
        if (answer.Length > 0) await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer));
    }

    private sealed record Sent(string Method, string Path, string Type, string? Encoding, byte[] Body);
}
