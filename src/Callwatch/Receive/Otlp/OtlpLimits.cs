namespace Callwatch.Receive.Otlp;

/// <summary>What intake lets through of one request (api, section 3).</summary>
public sealed record OtlpLimits
{
    public int MaxItems { get; init; } = 100_000;

    public int MaxNesting { get; init; } = 64;

    public int MaxAttributes { get; init; } = 1024;

    public int MaxTextBytes { get; init; } = 8 << 20;

    public int MaxRecordBytes { get; init; } = 8 << 20;

    public static OtlpLimits Of(ReceiveOptions options) => new()
    {
        MaxItems = options.MaxSpans,
        MaxNesting = options.MaxNesting,
        MaxAttributes = options.MaxAttributes,
        MaxTextBytes = options.MaxTextBytes,
        MaxRecordBytes = options.MaxRecordBytes,
    };
}
