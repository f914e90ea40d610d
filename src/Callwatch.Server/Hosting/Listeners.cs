using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Hosting;

/// <summary>Where the server listens: the HTTP addresses and, on the same hosts, OTLP/gRPC on its own port (HTTP/2 in the clear needs one).</summary>
public sealed class Listeners
{
    private readonly List<(ListenAddress Address, ListenOptions Socket)> http = [];
    private readonly List<(ListenAddress Address, ListenOptions Socket)> grpc = [];

    /// <summary>As configured.</summary>
    public IReadOnlyList<ListenAddress> Configured { get; }

    /// <summary>Null when switched off.</summary>
    public int? GrpcPort { get; }

    private Listeners(IReadOnlyList<ListenAddress> configured, int? grpcPort) => (Configured, GrpcPort) = (configured, grpcPort);

    /// <summary>True when no address can be reached from another machine.</summary>
    public bool AllLoopback => Configured.All(address => address.IsLoopback);

    /// <summary>With the real ports once the server has started, the first being the one to show.</summary>
    public IReadOnlyList<string> HttpUrls => [.. http.Select(Url)];

    public IReadOnlyList<string> GrpcUrls => [.. grpc.Select(Url)];

    /// <summary>Reads the settings.</summary>
    /// <exception cref="StartRefusedException">A setting is wrong.</exception>
    internal static Listeners From(HttpOptions options)
    {
        if (!ListenAddress.TryReadAll(options.Urls, out var addresses, out var wrong))
        {
            throw Bad("Urls", $"has \"{wrong}\", which is no address to listen on",
                "Write http://IP-ADDRESS:PORT, as in --urls http://127.0.0.1:4318; localhost and * stand for loopback and every address.");
        }

        return new Listeners(addresses, ReadGrpcPort(options.GrpcPort));
    }

    internal void Configure(KestrelServerOptions kestrel, HttpOptions options)
    {
        kestrel.AddServerHeader = false;

        // Without a bound, whoever opens connections and says nothing takes the files that the journal and the store need.
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections ?? OpenFiles.ConnectionsFor(Configured.Count * (GrpcPort is null ? 1 : 2));
        var certificate = Configured.Any(address => address.Tls) ? ReadCertificate(options) : null;
        foreach (var address in Configured)
        {
            kestrel.Listen(address.Address, address.Port, socket =>
            {
                socket.Protocols = address.Tls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
                if (address.Tls) socket.UseHttps(certificate!);
                http.Add((address, socket));
            });
        }

        if (GrpcPort is not { } port) return;
        foreach (var address in Configured.DistinctBy(address => address.Address))
        {
            kestrel.Listen(address.Address, port, socket =>
            {
                socket.Protocols = HttpProtocols.Http2;
                grpc.Add((address with { Tls = false, Port = port }, socket));
            });
        }
    }

    private static string Url((ListenAddress Address, ListenOptions Socket) listener) => listener.Address.ToUrl(listener.Socket.IPEndPoint!.Port);

    private static int? ReadGrpcPort(string text)
    {
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase)) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            ? port
            : throw Bad("GrpcPort", $"is \"{text}\"", "Give a port from 0 to 65535 (0 takes a free one), or off, as in --grpc-port 4317.");
    }

    private static X509Certificate2 ReadCertificate(HttpOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.CertificateFile))
            throw Bad("CertificateFile", "is missing", "An https address needs the PEM file of a certificate, or use http behind a reverse proxy.");
        try
        {
            return X509Certificate2.CreateFromPemFile(options.CertificateFile, string.IsNullOrWhiteSpace(options.CertificateKeyFile) ? null : options.CertificateKeyFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw Bad("CertificateFile", "cannot be used: " + e.Message.ReplaceLineEndings(" ").TrimEnd('.'), "Give the PEM file of a certificate and, in CertificateKeyFile, that of its key.");
        }
    }

    private static StartRefusedException Bad(string setting, string problem, string cure) =>
        new(new StartRefusal.BadSetting(HttpOptions.Section + ":" + setting, problem, cure));
}

internal static class ListenersSetup
{
    /// <summary>Kestrel on the configured addresses; the settings are read here and now, so that a wrong one stops the start before anything is made.</summary>
    public static void ListenAsConfigured(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(HttpOptions.Section);
        var options = section.Get<HttpOptions>() ?? new HttpOptions();
        var listeners = Listeners.From(options);
        if (options.DrainTime <= TimeSpan.Zero || options.DrainTime > TimeSpan.FromSeconds(9))
            throw new StartRefusedException(new StartRefusal.BadSetting(HttpOptions.Section + ":DrainTime", $"is {options.DrainTime}", "Give a time above zero and at most 00:00:09."));
        if (options.MaxConnections is < 1)
            throw new StartRefusedException(new StartRefusal.BadSetting(HttpOptions.Section + ":MaxConnections", $"is {options.MaxConnections}", "Give a number of connections of at least 1, or leave it out."));
        builder.Services.AddSingleton(listeners);
        builder.Services.AddOptions<HttpOptions>().BindConfiguration(HttpOptions.Section).PostConfigure(bound =>
        {
            bound.KnownProxies = section.TextList(nameof(HttpOptions.KnownProxies));
            bound.AllowedHosts = section.TextList(nameof(HttpOptions.AllowedHosts));
        });
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = options.DrainTime);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => listeners.Configure(kestrel, options));
    }
}
