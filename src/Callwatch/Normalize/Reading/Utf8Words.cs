using System.Runtime.InteropServices;
using System.Text;

namespace Callwatch.Normalize.Reading;

/// <summary>
/// Strings of short UTF-8 texts that come again and again (models, services, users), each made once. Bounded: a newcomer takes
/// the place of the older word with the same hash. One thread's own.
/// </summary>
internal sealed class Utf8Words
{
    private const int Places = 4096;
    private const int Longest = 96;

    private readonly (byte[] Utf8, string Word)[] words = new (byte[], string)[Places];

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return "";
        if (utf8.Length > Longest) return Encoding.UTF8.GetString(utf8);
        ref var place = ref words[Hash(utf8) & (Places - 1)];
        if (place.Utf8 is not null && utf8.SequenceEqual(place.Utf8)) return place.Word;
        var word = Encoding.UTF8.GetString(utf8);
        place = (utf8.ToArray(), word);
        return word;
    }

    private static int Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = (ulong)utf8.Length * 0x9E37_79B9_7F4A_7C15;
        while (utf8.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(utf8)) * 0xC2B2_AE3D_27D4_EB4F;
            hash ^= hash >> 29;
            utf8 = utf8[8..];
        }

        foreach (var part in utf8) hash = (hash ^ part) * 0x0000_0100_0000_01B3;
        hash *= 0x9E37_79B9_7F4A_7C15;
        return (int)(hash >> 40);
    }
}
