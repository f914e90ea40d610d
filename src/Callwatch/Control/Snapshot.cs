using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>A part of the control data held in memory, read again when the file has changed, whichever process changed it.</summary>
internal sealed class Snapshot<T>(ControlDb db, Func<SqliteConnection, T> read)
    where T : class
{
    private readonly Lock gate = new();
    private volatile T? value;
    private long version;

    /// <summary>As last read; no look at the file once there is one.</summary>
    public T Held => value ?? Current();

    /// <summary>As it is now.</summary>
    public T Current()
    {
        // The version is taken before reading: a change in between is read twice, never missed.
        var now = db.DataVersion();
        lock (gate)
        {
            if (value is { } held && version == now) return held;
            using var connection = db.Open();
            version = now;
            return value = read(connection);
        }
    }
}
