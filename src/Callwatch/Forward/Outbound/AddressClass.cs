using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Callwatch.Forward.Outbound;

/// <summary>Whom an address belongs to.</summary>
internal enum AddressClass
{
    Public,

    /// <summary>Loopback, link-local, private, shared by a provider's customers: reached only where the operator allows it.</summary>
    Private,

    /// <summary>No host of anybody: unspecified, multicast, reserved, for documentation. Never reached.</summary>
    Nobody,
}

/// <summary>Classes of addresses by the special-purpose registries of IANA (RFC 6890 and its successors).</summary>
internal static class Addresses
{
    private static readonly (IPNetwork Range, AddressClass Class)[] Version4 =
    [
        (IPNetwork.Parse("0.0.0.0/8"), AddressClass.Nobody),
        (IPNetwork.Parse("10.0.0.0/8"), AddressClass.Private),
        (IPNetwork.Parse("100.64.0.0/10"), AddressClass.Private),
        (IPNetwork.Parse("127.0.0.0/8"), AddressClass.Private),
        (IPNetwork.Parse("169.254.0.0/16"), AddressClass.Private),
        (IPNetwork.Parse("172.16.0.0/12"), AddressClass.Private),
        (IPNetwork.Parse("192.0.0.0/24"), AddressClass.Private),
        (IPNetwork.Parse("192.0.2.0/24"), AddressClass.Nobody),
        (IPNetwork.Parse("192.88.99.0/24"), AddressClass.Nobody),
        (IPNetwork.Parse("192.168.0.0/16"), AddressClass.Private),
        (IPNetwork.Parse("198.18.0.0/15"), AddressClass.Private),
        (IPNetwork.Parse("198.51.100.0/24"), AddressClass.Nobody),
        (IPNetwork.Parse("203.0.113.0/24"), AddressClass.Nobody),
        (IPNetwork.Parse("224.0.0.0/4"), AddressClass.Nobody),
        (IPNetwork.Parse("240.0.0.0/4"), AddressClass.Nobody),
    ];

    private static readonly (IPNetwork Range, AddressClass Class)[] Version6 =
    [
        (IPNetwork.Parse("::1/128"), AddressClass.Private),
        (IPNetwork.Parse("fc00::/7"), AddressClass.Private),
        (IPNetwork.Parse("fe80::/10"), AddressClass.Private),
        (IPNetwork.Parse("fec0::/10"), AddressClass.Private),
        (IPNetwork.Parse("64:ff9b:1::/48"), AddressClass.Private),
        (IPNetwork.Parse("2001:db8::/32"), AddressClass.Nobody),
        (IPNetwork.Parse("3fff::/20"), AddressClass.Nobody),

        // Teredo and ORCHID: the one hides an IPv4 address of whoever, the others are no addresses to connect to.
        (IPNetwork.Parse("2001::/23"), AddressClass.Nobody),
        (IPNetwork.Parse("2000::/3"), AddressClass.Public),
    ];

    /// <summary>The address itself; of one that carries an IPv4 address within (mapped, compatible, translated, NAT64, 6to4) that one, which is where packets go.</summary>
    public static IPAddress Effective(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        var top = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var second = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        var last = bytes[12..];

        // ::/96 (but ::0 and ::1), ::ffff:0:0/96, ::ffff:0:0:0/96.
        if (top == 0 && (second is 0x0000_FFFF or 0xFFFF_0000 || (second == 0 && BinaryPrimitives.ReadUInt32BigEndian(last) > 1))) return new IPAddress(last);
        if (top == 0x0064_FF9B_0000_0000 && second == 0) return new IPAddress(last);
        return bytes[0] == 0x20 && bytes[1] == 0x02 ? new IPAddress(bytes[2..6]) : address;
    }

    /// <summary>Of what <see cref="Effective"/> says.</summary>
    public static AddressClass ClassOf(IPAddress address)
    {
        var effective = Effective(address);
        var is4 = effective.AddressFamily == AddressFamily.InterNetwork;
        foreach (var (range, known) in is4 ? Version4 : Version6)
            if (range.Contains(effective)) return known;

        // Of IPv6 only 2000::/3 is anybody's so far.
        return is4 ? AddressClass.Public : AddressClass.Nobody;
    }
}
