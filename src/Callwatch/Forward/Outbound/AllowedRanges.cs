using System.Net;

namespace Callwatch.Forward.Outbound;

/// <summary>What <c>Callwatch:Forward:AllowPrivateAddresses</c> says: all addresses that are not public, some ranges of them, or none.</summary>
internal sealed class AllowedRanges
{
    public static readonly AllowedRanges None = new(false, []);

    private readonly bool all;
    private readonly IReadOnlyList<IPNetwork> ranges;

    private AllowedRanges(bool all, IReadOnlyList<IPNetwork> ranges) => (this.all, this.ranges) = (all, ranges);

    /// <summary><c>true</c>, <c>false</c>, or addresses and ranges with commas; null, with the part that is wrong, for anything else.</summary>
    public static AllowedRanges? Read(string? text, out string wrong)
    {
        wrong = "";
        if (string.IsNullOrWhiteSpace(text) || text.Trim().Equals("false", StringComparison.OrdinalIgnoreCase)) return None;
        if (text.Trim().Equals("true", StringComparison.OrdinalIgnoreCase)) return new AllowedRanges(true, []);
        var ranges = new List<IPNetwork>();
        foreach (var part in text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // A network with bits beyond its prefix is what people copy from an interface (10.1.2.3/8): the range is clear all the same.
            if (RangeOf(part) is { } range) ranges.Add(range);
            else wrong = part;
        }

        return wrong.Length == 0 ? new AllowedRanges(false, ranges) : null;
    }

    public bool Allow(IPAddress address) => all || ranges.Any(range => range.Contains(address));

    /// <summary>As kinds see it.</summary>
    public OutboundRules ToRules() => new(all, [.. ranges.Select(range => range.ToString())]);

    private static IPNetwork? RangeOf(string part)
    {
        var slash = part.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? part : part[..slash], out var address)) return null;

        // "1" and "0x7f.1" are addresses to the parser, and no person means them.
        if (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && part.Count(c => c == '.') != 3) return null;
        var bits = address.GetAddressBytes();
        var prefix = bits.Length * 8;
        if (slash >= 0 && (!int.TryParse(part.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out prefix) || prefix > bits.Length * 8)) return null;
        for (var bit = prefix; bit < bits.Length * 8; bit++) bits[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bits), prefix);
    }
}
