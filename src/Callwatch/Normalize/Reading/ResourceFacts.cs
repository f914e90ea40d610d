using System.Text;
using Callwatch.Receive.Otlp;

namespace Callwatch.Normalize.Reading;

/// <summary>What a resource says of its spans: the only attributes of it that any field consults (genai-attributes, section 4.3).</summary>
internal sealed class ResourceFacts
{
    public static readonly ResourceFacts None = new();

    private byte[] bytes = [];

    public string? Environment { get; private init; }

    public string? ServiceVersion { get; private init; }

    /// <summary><c>telemetry.sdk.name</c>: tells OpenLIT, whose addresses are not evidence.</summary>
    public string? SdkName { get; private init; }

    /// <summary>Of that Resource message; the one before is handed out again when the bytes are the same, as they are for most spans of a request.</summary>
    public static ResourceFacts Of(ReadOnlySpan<byte> resource, ResourceFacts before) => resource.SequenceEqual(before.bytes) ? before : Read(resource);

    private static ResourceFacts Read(ReadOnlySpan<byte> resource)
    {
        string? name = null, old = null, version = null, sdk = null;
        foreach (var attribute in new OtlpAttributes(resource, field: 1))
        {
            if (attribute.Value.Type != OtlpValueType.String || attribute.Value.Raw.IsEmpty) continue;
            if (attribute.Key.SequenceEqual("deployment.environment.name"u8)) name = Encoding.UTF8.GetString(attribute.Value.Raw);
            else if (attribute.Key.SequenceEqual("deployment.environment"u8)) old = Encoding.UTF8.GetString(attribute.Value.Raw);
            else if (attribute.Key.SequenceEqual("service.version"u8)) version = Encoding.UTF8.GetString(attribute.Value.Raw);
            else if (attribute.Key.SequenceEqual("telemetry.sdk.name"u8)) sdk = Encoding.UTF8.GetString(attribute.Value.Raw);
        }

        return new ResourceFacts { bytes = resource.ToArray(), Environment = name ?? old, ServiceVersion = version, SdkName = sdk };
    }
}

/// <summary>The instrumentation scope of a span.</summary>
internal sealed class ScopeFacts
{
    public static readonly ScopeFacts None = new();

    private byte[] bytes = [];

    public string Name { get; private init; } = "";

    public bool HasAttributes { get; private init; }

    /// <summary>As <see cref="ResourceFacts.Of"/>.</summary>
    public static ScopeFacts Of(ReadOnlySpan<byte> scope, ScopeFacts before)
    {
        if (scope.SequenceEqual(before.bytes)) return before;
        return new ScopeFacts
        {
            bytes = scope.ToArray(),
            Name = Encoding.UTF8.GetString(OtlpSpan.FirstBytes(scope, 1)),
            HasAttributes = new OtlpAttributes(scope, field: 3).MoveNext(),
        };
    }
}
