using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>A part of the control data held in memory, read again when the file has changed, whichever process changed it.</summary>
/// <param name="what">The kind, as <c>changes</c> counts it.</param>
internal sealed class Snapshot<T>(ControlDb db, string what, Func<SqliteConnection, T> read)
    where T : class
{
    private readonly Lock gate = new();
    private volatile T? value;
    private long version;
    private long changes;

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
            var counted = connection.ExecuteScalar<long>("SELECT number FROM changes WHERE what = @what", new { what });
            var current = value is { } same && counted == changes ? same : read(connection);

            // Only once it has been read: what failed is read again when it is asked for next.
            (value, changes, version) = (current, counted, now);
            return current;
        }
    }
}
