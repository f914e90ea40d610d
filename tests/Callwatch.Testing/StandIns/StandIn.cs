using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Callwatch.Testing.StandIns;

/// <summary>What a stand-in was sent.</summary>
/// <param name="Body">Inflated; null when its coding is wrong.</param>
/// <param name="Sent">As it was sent.</param>
public sealed record StandInRequest(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[]? Body, byte[] Sent)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>Null when it is none.</summary>
    public JsonNode? Json()
    {
        try
        {
            return Body is null ? null : JsonNode.Parse(Body, null, new JsonDocumentOptions { MaxDepth = 256 });
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What a stand-in answers.</summary>
public sealed record StandInAnswer(int Status, string Body = "", string Type = "application/json")
{
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The connection ends in the middle of the answer.</summary>
    public bool IsTorn { get; init; }

    public StandInAnswer With(string header, string value) => this with { Headers = new Dictionary<string, string>(Headers) { [header] = value } };
}

/// <summary>
/// A platform on a free port of this machine that takes what the real one takes, refuses what it would refuse, with its words, and keeps what it took.
/// A test can put answers of its own before that.
/// </summary>
public abstract class StandIn : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock gate = new();
    private readonly List<StandInRequest> requests = [];
    private readonly Queue<Func<StandInRequest, StandInAnswer?>> faults = new();
    private WebApplication? app;

    public Uri Address { get; private set; } = null!;

    /// <summary>All requests, refused ones too, in order.</summary>
    public IReadOnlyList<StandInRequest> Requests
    {
        get
        {
            lock (gate) return [.. requests];
        }
    }

    /// <summary>Answers the next requests so, without looking at them.</summary>
    public void Fail(StandInAnswer answer, int times = 1)
    {
        lock (gate)
            for (var i = 0; i < times; i++) faults.Enqueue(_ => answer);
    }

    /// <summary>Answers the next request so if it is the one meant; else as the platform would, and the fault is used up.</summary>
    public void Fail(Func<StandInRequest, StandInAnswer?> fault)
    {
        lock (gate) faults.Enqueue(fault);
    }

    /// <summary>Set, it decides about every request before the platform does.</summary>
    public Func<StandInRequest, StandInAnswer?>? Always { get; set; }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        app = builder.Build();
        app.Run(HandleAsync);
        await app.StartAsync();
        Address = new Uri(app.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>What the platform holds, looked at between two requests.</summary>
    protected T Between<T>(Func<T> look)
    {
        lock (gate) return look();
    }

    /// <summary>Copies: the rows themselves may change with the next request.</summary>
    protected IReadOnlyDictionary<string, JsonObject> Copies(IReadOnlyDictionary<string, JsonObject> rows) =>
        Between(() => rows.ToDictionary(row => row.Key, row => (JsonObject)row.Value.DeepClone(), StringComparer.Ordinal));

    protected IReadOnlyList<JsonObject> Copies(IReadOnlyList<JsonObject> rows) => Between(() => rows.Select(row => (JsonObject)row.DeepClone()).ToList());

    /// <summary>As the platform answers. One request at a time.</summary>
    protected abstract StandInAnswer Answer(StandInRequest request);

    protected static StandInAnswer Json(int status, JsonNode body) => new(status, body.ToJsonString(Plain));

    private async Task HandleAsync(HttpContext context)
    {
        using var sent = new MemoryStream();
        await context.Request.Body.CopyToAsync(sent, context.RequestAborted);
        var request = new StandInRequest(
            context.Request.Method, context.Request.Path.Value ?? "", context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), Inflated(context.Request, sent.ToArray()), sent.ToArray());
        StandInAnswer answer;
        lock (gate)
        {
            requests.Add(request);
            answer = (faults.TryDequeue(out var fault) ? fault(request) : null) ?? Always?.Invoke(request) ?? Answer(request);
        }

        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers) context.Response.Headers[name] = value;
        if (answer.Status == StatusCodes.Status204NoContent) return;
        context.Response.ContentType = answer.Type;
        var bytes = Encoding.UTF8.GetBytes(answer.Body);
        context.Response.ContentLength = bytes.Length + (answer.IsTorn ? 10 : 0);
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        if (!answer.IsTorn) return;
        await context.Response.Body.FlushAsync(context.RequestAborted);
        context.Abort();
    }

    private static byte[]? Inflated(HttpRequest request, byte[] sent)
    {
        if (!string.Equals(request.Headers.ContentEncoding.ToString(), "gzip", StringComparison.OrdinalIgnoreCase)) return sent;
        try
        {
            using var gzip = new GZipStream(new MemoryStream(sent), CompressionMode.Decompress);
            using var body = new MemoryStream();
            gzip.CopyTo(body);
            return body.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
