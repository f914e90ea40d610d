using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Spans;
using Callwatch.Store.Partitions;

namespace Callwatch.Query.Lists;

/// <summary>A place in a list: after the row with this key, in this partition, with this id. The key is null among the rows that have none.</summary>
internal readonly record struct ListPlace(long? Key, int Day, int Sequence, long Id)
{
    /// <summary>Before or after every row that has the key, as far as a list's direction goes: the rows with it are all done.</summary>
    public static ListPlace Past(long key, bool descending) => descending ? new(key, int.MinValue, int.MinValue, long.MinValue) : new(key, int.MaxValue, int.MaxValue, long.MaxValue);

    /// <summary>True when it was made by <see cref="Past"/>: no row stands there.</summary>
    public bool IsBetween => Day is int.MinValue or int.MaxValue;

    public static ListPlace Of(long? key, Partition partition, long id) => new(key, partition.Day.DayNumber, partition.Sequence, id);
}

/// <summary>
/// What <c>next</c> holds: the place, the store's position as of which the list is read, and the range, which without <c>from</c>
/// and <c>to</c> would move on with the clock. A cursor is no secret and no permission: scope and filter are applied again.
/// </summary>
/// <param name="File">Which file the place lies in (see <c>identity</c> of its <c>meta</c>): in one made anew the same rows have other ids. 0 when it is not known.</param>
/// <param name="Question">Hash of filter, apps and order, so that a cursor is not carried over to another question.</param>
internal sealed record ListCursor(int Question, Timestamp From, Timestamp To, long AsOf, ListPlace Place, long File)
{
    private const byte Format = 2;
    private const int Size = 1 + 4 + (8 * 3) + 1 + 8 + 4 + 4 + 8 + 8;

    public static int HashOf(string question) => BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(question)));

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes[0] = Format;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], Question);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[5..], From.UnixNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[13..], To.UnixNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[21..], AsOf);
        bytes[29] = (byte)(Place.Key is null ? 0 : 1);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[30..], Place.Key ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[38..], Place.Day);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[42..], Place.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[46..], Place.Id);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[54..], File);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryParse(string text, out ListCursor? cursor)
    {
        cursor = null;
        Span<byte> bytes = stackalloc byte[Size];
        if (text.Length > Size * 2 || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != Size || bytes[0] != Format) return false;
        var place = new ListPlace(
            bytes[29] == 0 ? null : BinaryPrimitives.ReadInt64LittleEndian(bytes[30..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[38..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[42..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[46..]));
        cursor = new ListCursor(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]), new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[5..])),
            new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[13..])), BinaryPrimitives.ReadInt64LittleEndian(bytes[21..]), place,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[54..]));
        return true;
    }
}
