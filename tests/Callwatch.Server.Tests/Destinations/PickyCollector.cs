using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>An OTLP receiver that can be down, slow to please, or against a span of a certain name; it keeps the ids of the spans that it took, each as often as it did.</summary>
internal sealed class PickyCollector : IAsyncDisposable
{
    private readonly WebApplication app;

    private PickyCollector(WebApplication app) => this.app = app;

    public Uri Url { get; private set; } = null!;

    /// <summary>Answered instead of taking anything; null takes.</summary>
    public int? Refuses { get; set; }

    /// <summary>A request that holds a span of this name is answered 400.</summary>
    public string? Dislikes { get; set; }

    /// <summary>What Authorization has to say; null for anybody.</summary>
    public string? Wants { get; set; }

    public string Says { get; set; } = """{"message":"go away"}""";

    public ConcurrentQueue<string> Taken { get; } = [];

    public static async Task<PickyCollector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            (kestrel.Limits.MinRequestBodyDataRate, kestrel.Limits.MinResponseDataRate, kestrel.Limits.RequestHeadersTimeout) = (null, null, Patience.Long);
        });
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var collector = new PickyCollector(app);
        app.Run(collector.TakeAsync);
        await app.StartAsync();
        collector.Url = new Uri(app.Urls.First());
        return collector;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        var gzip = http.Request.Headers.ContentEncoding == "gzip" && http.Request.ContentLength != 0;
        await using (var stream = gzip ? new GZipStream(http.Request.Body, CompressionMode.Decompress) : http.Request.Body) await stream.CopyToAsync(body, http.RequestAborted);
        var spans = new List<(string Id, string Name)>();
        foreach (var span in OtlpSpan.In(body.ToArray())) spans.Add(($"{span.TraceId}/{span.SpanId}", System.Text.Encoding.UTF8.GetString(span.Name)));
        var status = Refuses ?? (Wants is not null && http.Request.Headers.Authorization != Wants ? 401 : spans.Any(span => span.Name == Dislikes) ? 400 : 200);
        http.Response.StatusCode = status;
        http.Response.ContentType = status == 200 ? "application/x-protobuf" : "application/json";
        if (status != 200)
        {
            await http.Response.WriteAsync(Says, http.RequestAborted);
            return;
        }

        foreach (var (id, _) in spans) Taken.Enqueue(id);
    }
}
