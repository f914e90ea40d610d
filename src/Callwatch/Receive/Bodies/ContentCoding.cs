namespace Callwatch.Receive.Bodies;

/// <summary>How a body was compressed.</summary>
public enum ContentCoding : byte
{
    Identity = 0,
    Gzip,

    /// <summary>zlib, as HTTP means it, or bare deflate, as some senders do.</summary>
    Deflate,
    Brotli,
}

public static class ContentCodings
{
    /// <summary>For <c>Accept-Encoding</c>.</summary>
    public const string Accepted = "gzip, deflate, br";

    /// <summary>From a <c>Content-Encoding</c> or <c>grpc-encoding</c>; null when it is none of ours. Absent or blank is identity.</summary>
    public static ContentCoding? Parse(string? name) => name?.Trim().ToLowerInvariant() switch
    {
        null or "" or "identity" => ContentCoding.Identity,
        "gzip" or "x-gzip" => ContentCoding.Gzip,
        "deflate" => ContentCoding.Deflate,
        "br" => ContentCoding.Brotli,
        _ => null,
    };
}
