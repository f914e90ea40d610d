using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Callwatch.Spans;

namespace Callwatch.Query.Lists;

/// <summary>A place in a list of people, latest seen first: after the one last seen then, with this id. With range and position, as a list's cursor.</summary>
internal sealed record PeoplePlace(int Question, Timestamp From, Timestamp To, long AsOf, long Last, string Id)
{
    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        FormattableString.Invariant($"{Question} {From.UnixNanoseconds} {To.UnixNanoseconds} {AsOf} {Last} {Id}")));

    public static bool TryParse(string text, out PeoplePlace? place)
    {
        place = null;
        if (text.Length > 8_000 || !Base64Url.IsValid(text)) return false;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ', 6);
        if (parts.Length != 6 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var question)) return false;
        var numbers = new long[4];
        for (var i = 0; i < numbers.Length; i++)
            if (!long.TryParse(parts[i + 1], CultureInfo.InvariantCulture, out numbers[i])) return false;
        place = new PeoplePlace(question, new Timestamp(numbers[0]), new Timestamp(numbers[1]), numbers[2], numbers[3], parts[5]);
        return true;
    }

    /// <summary>True for who comes behind it.</summary>
    public bool Precedes(string id, long last) => last < Last || (last == Last && string.CompareOrdinal(id, Id) > 0);
}
