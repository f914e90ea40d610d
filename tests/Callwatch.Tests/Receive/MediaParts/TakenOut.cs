using System.Text;
using Callwatch.Media;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.MediaParts;
using Callwatch.Receive.Otlp;
using Callwatch.Telemetry;
using Callwatch.Testing;

namespace Callwatch.Tests.Receive.MediaParts;

/// <summary>What intake makes of a request with media in it: the payload, and the media with their bytes.</summary>
internal sealed record TakenOut(byte[] Payload, IReadOnlyDictionary<string, byte[]> Media, IReadOnlyDictionary<Reason, long> Changed, int Malformed)
{
    /// <summary>Small, so that tests need little of it.</summary>
    public static MediaOptions Options { get; } = new() { FromBytes = 1024, MaxItemBytes = 1 << 20 };

    public static TakenOut Of(byte[] request, OtlpLimits? limits = null, bool logs = false)
    {
        using var rewritten = new PayloadBuffer(budget: null, int.MaxValue);
        var taking = new MediaTaking(Options, request);
        var canonical = new OtlpCanonical(limits ?? new OtlpLimits(), logs ? new LogRules() : new SpanRules(), taking);
        var payload = canonical.Of(request, new OneOwner(), rewritten)!.Single().Payload.ToArray();
        var media = taking.Taken.ToDictionary(piece => piece.Hash.ToString(), piece =>
        {
            using var bytes = new MemoryStream();
            piece.CopyTo(part => bytes.Write(part.Span));
            Xunit.Assert.Equal(piece.Bytes, bytes.Length);
            Xunit.Assert.Equal(7, piece.AppId);
            return bytes.ToArray();
        });
        return new TakenOut(payload, media, canonical.Changed, canonical.MalformedMedia);
    }

    public static TakenOut OfText(string text, OtlpLimits? limits = null) => Of(A.Traces(A.Span().With("input.value", text)), limits);

    /// <summary>The value of a text attribute of the first span.</summary>
    public string? Text(string key = "input.value")
    {
        foreach (var span in OtlpSpan.In(Payload))
        {
            foreach (var attribute in span.Attributes)
                if (Encoding.UTF8.GetString(attribute.Key) == key) return attribute.Value.Type == OtlpValueType.String ? Encoding.UTF8.GetString(attribute.Value.Raw) : null;
        }

        return null;
    }

    public static byte[] Png(int size, int seed = 1)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        byte[] magic = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];
        magic.CopyTo(bytes, 0);
        return bytes;
    }

    public static byte[] Noise(int size, int seed = 1)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        bytes[0] = 7;
        return bytes;
    }

    public static string Reference(byte[] bytes, string type) =>
        new MediaReference(MediaHash.Of(System.Security.Cryptography.SHA256.HashData(bytes)), type, bytes.Length).ToString();

    private sealed class OneOwner : IOwners
    {
        public int AppOf(ReadOnlySpan<byte> envelope) => 7;
    }
}
