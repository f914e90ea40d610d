namespace Callwatch.Store.Partitions;

/// <summary>
/// What a connection has read of its file, kept for as long as nobody writes to the file: of days that are over every question over weeks
/// would read the same again. For one thread at a time, as the connection is, and only within a read transaction.
/// </summary>
internal sealed class HeldReadings(HeldRoom room)
{
    private readonly Dictionary<string, object> values = new(StringComparer.Ordinal);
    private long version = -1;
    private int bytes;

    /// <summary>Whether the version is that of the transaction before: what is read of a file that is being written is not worth keeping.</summary>
    public bool IsSteady { get; private set; }

    /// <summary>A transaction begins that sees the file in this version; what was read of another one is let go of.</summary>
    public void Begin(long seen)
    {
        IsSteady = seen == version;
        if (!IsSteady) Clear();
        version = seen;
    }

    public T? Find<T>(string key)
        where T : class => values.GetValueOrDefault(key) as T;

    /// <param name="size">Bytes, about.</param>
    public void Keep(string key, object value, int size)
    {
        // What was asked first is no more likely to be asked again: all of this file's goes, or the new is not kept.
        if (!room.TryTake(size))
        {
            Clear();
            if (!room.TryTake(size)) return;
        }

        if (!values.TryAdd(key, value))
        {
            room.Give(size);
            return;
        }

        bytes += size;
    }

    public void Clear()
    {
        if (values.Count == 0) return;
        values.Clear();
        room.Give(bytes);
        bytes = 0;
    }
}

/// <summary>How much all connections together may keep. Thread-safe.</summary>
/// <param name="most">Bytes.</param>
internal sealed class HeldRoom(long most)
{
    private long used;

    /// <summary>Bytes kept now.</summary>
    public long Used => Interlocked.Read(ref used);

    /// <summary>Whether connections that wait for a question should let go of what they keep.</summary>
    public bool IsTight => Used > most / 4 * 3;

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref used, bytes) <= most) return true;
        Give(bytes);
        return false;
    }

    public void Give(int bytes) => Interlocked.Add(ref used, -bytes);
}
