using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Callwatch.Testing.StandIns;

/// <summary>What a receiver of OTLP was sent.</summary>
/// <param name="Protocol"><c>HTTP/1.1</c> or <c>HTTP/2</c>.</param>
/// <param name="Sent">The body as it was sent.</param>
public sealed record WireRequest(string Protocol, string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Sent)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>The body without its coding; the exception says what is wrong with it.</summary>
    /// <exception cref="WireException">Not what its coding says.</exception>
    public byte[] Inflated(string? coding)
    {
        try
        {
            using Stream? packed = coding switch
            {
                "gzip" => new GZipStream(new MemoryStream(Sent), CompressionMode.Decompress),
                "deflate" => new ZLibStream(new MemoryStream(Sent), CompressionMode.Decompress),
                _ => null,
            };
            if (packed is null) return Sent;
            using var plain = new MemoryStream();
            packed.CopyTo(plain);
            return plain.ToArray();
        }
        catch (InvalidDataException)
        {
            throw new WireException($"the body is no {coding}");
        }
    }
}

/// <summary>What a receiver of OTLP answers.</summary>
/// <param name="Type">Content type; null for none.</param>
public sealed record WireAnswer(int Status, byte[] Body, string? Type = null)
{
    public WireAnswer(int status, string body = "", string type = "text/plain")
        : this(status, Encoding.UTF8.GetBytes(body), type)
    {
    }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>After the body; HTTP/2 only.</summary>
    public IReadOnlyDictionary<string, string> Trailers { get; init; } = new Dictionary<string, string>();

    /// <summary>The connection ends in the middle of the answer.</summary>
    public bool IsTorn { get; init; }

    /// <summary>No answer comes at all.</summary>
    public bool IsSilent { get; init; }

    public WireAnswer With(string header, string value) => this with { Headers = new Dictionary<string, string>(Headers) { [header] = value } };

    public WireAnswer Trailing(string name, string value) => this with { Trailers = new Dictionary<string, string>(Trailers) { [name] = value } };
}

/// <summary>A web server on free ports of this machine, one for HTTP/1.1 and one for HTTP/2 without TLS, that keeps what it was sent and answers as told, else as its kind would.</summary>
public abstract class WireHost : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<WireRequest> requests = [];
    private readonly Queue<WireAnswer> next = new();
    private WebApplication? app;

    /// <summary>Of HTTP/1.1, without a slash at its end.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Of HTTP/2 with prior knowledge: gRPC without TLS.</summary>
    public string GrpcAddress { get; private set; } = "";

    /// <summary>All requests, refused ones too, in order.</summary>
    public IReadOnlyList<WireRequest> Requests
    {
        get
        {
            lock (gate) return [.. requests];
        }
    }

    /// <summary>With it <see cref="Address"/> is https, HTTP/2 included, and asks the other side for a certificate, which <see cref="ClientThumbprint"/> then names.</summary>
    public X509Certificate2? Certificate { get; init; }

    public string? ClientThumbprint { get; private set; }

    /// <summary>Set, it answers every request so.</summary>
    public WireAnswer? Always { get; set; }

    /// <summary>Answers the next requests so, without looking at them.</summary>
    public void Next(WireAnswer answer, int times = 1)
    {
        lock (gate)
            for (var i = 0; i < times; i++) next.Enqueue(answer);
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, Secure);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.AddServerHeader = false;
        });
        app = builder.Build();
        app.Run(HandleAsync);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        (Address, GrpcAddress) = (addresses[0], addresses[1]);
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>As the platform answers; one request at a time.</summary>
    protected abstract WireAnswer Answer(WireRequest request);

    private void Secure(ListenOptions listen)
    {
        if (Certificate is null) return;
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.UseHttps(https =>
        {
            https.ServerCertificate = Certificate;
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation = (_, _, _) => true;
        });
    }

    private async Task HandleAsync(HttpContext context)
    {
        ClientThumbprint = context.Connection.ClientCertificate?.Thumbprint;
        using var sent = new MemoryStream();
        await context.Request.Body.CopyToAsync(sent, context.RequestAborted);
        var request = new WireRequest(
            context.Request.Protocol, context.Request.Method, context.Request.Path.Value ?? "", context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), sent.ToArray());
        WireAnswer answer;
        lock (gate)
        {
            requests.Add(request);
            answer = next.TryDequeue(out var told) ? told : Always ?? Answer(request);
        }

        if (answer.IsSilent)
        {
            await SilenceAsync(context);
            return;
        }

        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers) context.Response.Headers[name] = value;
        foreach (var name in answer.Trailers.Keys) context.Response.DeclareTrailer(name);
        if (answer.Type is not null) context.Response.ContentType = answer.Type;
        if (answer.IsTorn) context.Response.ContentLength = answer.Body.Length + 10;

        // Without a body the headers end the stream, as those of a gRPC call that fails at once must.
        if (answer.Body.Length > 0) await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
        if (answer.IsTorn)
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
            return;
        }

        foreach (var (name, value) in answer.Trailers) context.Response.AppendTrailer(name, value);
    }

    // Until the other side gives up.
    private static async Task SilenceAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(() => gone.TrySetResult());
        await gone.Task;
    }
}
