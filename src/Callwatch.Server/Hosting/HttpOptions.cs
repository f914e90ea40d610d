namespace Callwatch.Server.Hosting;

/// <summary>Settings under <c>Callwatch:Http</c>. Lists may be given as an array or as one text with commas.</summary>
public sealed class HttpOptions
{
    public const string Section = "Callwatch:Http";

    /// <summary>
    /// Where OTLP/HTTP, API and dashboard listen; several with <c>;</c>. Host is an IP address, <c>localhost</c>, or <c>*</c> for every address;
    /// port 0 takes a free one. Default <c>http://127.0.0.1:4318</c>.
    /// </summary>
    public string Urls { get; set; } = "http://127.0.0.1:4318";

    /// <summary>Port of OTLP/gRPC (HTTP/2 without TLS) on the hosts of <see cref="Urls"/>, or <c>off</c>. Default 4317.</summary>
    public string GrpcPort { get; set; } = "4317";

    /// <summary>Path under which a reverse proxy shows the server, as <c>/callwatch</c>. Default none.</summary>
    public string PathBase { get; set; } = "";

    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) of reverse proxies whose forwarding headers are believed. Default none.</summary>
    public IReadOnlyList<string> KnownProxies { get; set; } = [];

    /// <summary>Host names answered to, without port. Default: loopback names and the hosts of <see cref="Urls"/>; where those are every address, any IP literal.</summary>
    public IReadOnlyList<string> AllowedHosts { get; set; } = [];

    /// <summary>
    /// Most connections that each port holds at a time; further ones are closed at once. Default (null): half of the files that the system lets the
    /// process have open (<c>ulimit -n</c>), if that leaves 400, for all ports together, and at most 10,000.
    /// </summary>
    public int? MaxConnections { get; set; }

    /// <summary>PEM file of the certificate (with its chain) for <c>https</c> addresses. Default none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file of the certificate's private key. Default: in <see cref="CertificateFile"/> too.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>How long requests and readers may take to finish when the server is told to stop. Default 5 s, at most 9 s.</summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(5);
}
