using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Telemetry;

namespace Callwatch.Tests.Receive.Otlp;

/// <summary>What intake makes of a message, for tests of the rules alone.</summary>
internal sealed record Canonical(bool IsOtlp, IReadOnlyList<(int App, byte[] Payload, int Items)> Parts, IReadOnlyDictionary<Reason, long> Refused, IReadOnlyDictionary<Reason, long> Changed)
{
    public byte[] Payload => Parts.Single().Payload;

    public static Canonical Traces(byte[] request, OtlpLimits? limits = null, IOwners? owners = null) => Of(new SpanRules(), request, limits, owners);

    public static Canonical Logs(byte[] request, OtlpLimits? limits = null) => Of(new LogRules(), request, limits, owners: null);

    public static string? Json(ReadOnlySpan<byte> body, OtlpJsonShape shape, out byte[] message)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var problem = OtlpJson.Write(body, shape, buffer, maxNesting: 64);
        message = buffer.Written.ToArray();
        return problem;
    }

    private static Canonical Of(ItemRules rules, byte[] request, OtlpLimits? limits, IOwners? owners)
    {
        using var rewritten = new PayloadBuffer(budget: null, int.MaxValue);
        var canonical = new OtlpCanonical(limits ?? new OtlpLimits(), rules);
        var parts = canonical.Of(request, owners ?? new OneOwner(), rewritten);
        return new Canonical(parts is not null, [.. (parts ?? []).Select(part => (part.AppId, part.Payload.ToArray(), part.Items))], canonical.Refused, canonical.Changed);
    }

    private sealed class OneOwner : IOwners
    {
        public int AppOf(ReadOnlySpan<byte> envelope) => 7;
    }
}
