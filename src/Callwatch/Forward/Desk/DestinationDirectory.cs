using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Desk;

/// <summary>
/// The destinations of <c>control.db</c>, with their secrets in clear, for the lanes alone. A destination whose revision is the same stays the
/// same object, and is not opened again: a rotation of keys passes the lanes by.
/// </summary>
internal sealed class DestinationDirectory(ControlDb db, Kinds kinds, SecretVault vault, TimeProvider time) : IDestinationDirectory
{
    // What other processes change is seen within this.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    // A master key may turn up while nothing in the file changes.
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private IReadOnlyList<Destination> held = [];
    private long version = -1;
    private DateTimeOffset tried;
    private TaskCompletionSource changed = NewSignal();

    public IReadOnlyList<Destination> All
    {
        get
        {
            lock (gate)
            {
                // Taken before reading: a change in between is read twice, never missed.
                var now = db.DataVersion();
                var tryAgain = held.Any(destination => destination.Locked is not null) && time.GetUtcNow() - tried >= BetweenTries;
                if (now == version && !tryAgain) return held;
                (version, tried) = (now, time.GetUtcNow());
                using var connection = db.Open();
                var read = Read(connection);
                return held = IsSame(held, read) ? held : read;
            }
        }
    }

    /// <summary>Tells those who wait that this process has changed something.</summary>
    public void Changed()
    {
        TaskCompletionSource wake;
        lock (gate) (wake, changed) = (changed, NewSignal());
        wake.TrySetResult();
    }

    public async Task ChangedAsync(CancellationToken cancel)
    {
        var before = AllOrNone();
        while (true)
        {
            Task signal;
            lock (gate) signal = changed.Task;
            if (AllOrNone() is { } now && !ReferenceEquals(now, before)) return;
            using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(signal, Task.Delay(BetweenLooks, time, early.Token));
            await early.CancelAsync();
            cancel.ThrowIfCancellationRequested();
        }
    }

    public bool IsGone(int id)
    {
        // Numbers are never used again: one up to the last that was given and that is not there has been deleted. A greater one belongs to
        // other control data than this, and nothing is known of it.
        using var connection = db.Open();
        return connection.ExecuteScalar<long>(
            "SELECT count(*) FROM sqlite_sequence WHERE name = 'destinations' AND seq >= @id AND NOT EXISTS (SELECT 1 FROM destinations WHERE id = @id)", new { id }) > 0;
    }

    // Null while the disk refuses: the lanes go on as they are.
    private IReadOnlyList<Destination>? AllOrNone()
    {
        try
        {
            return All;
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    private List<Destination> Read(SqliteConnection connection)
    {
        var before = held.ToDictionary(destination => destination.Id);
        var apps = DestinationRow.Apps(connection);
        var off = connection.Query<long>("SELECT app FROM apps_off").Select(app => (int)app).ToHashSet();
        return
        [
            .. DestinationRow.All(connection).Select(row => before.TryGetValue((int)row.Id, out var known) && known.Revision == row.Revision && known.Locked is null
                ? known : ToDestination(connection, row, [.. apps[row.Id]], off)),
        ];
    }

    private Destination ToDestination(SqliteConnection connection, DestinationRow row, HashSet<int> apps, HashSet<int> off)
    {
        var kind = kinds.Of(row.Kind);
        var (config, locked) = kind is UnknownKind unknown ? (null, unknown.Problem) : SealedConfigs.Open(vault, connection, null, row);

        // They were good when they were saved; what an older version cannot read must not become "everything" or "unmasked".
        var filter = (FilterParser.Parse(row.Filter) as FilterResult.Parsed)?.Filter;
        var mask = Mask.Of(DestinationRow.ListOf(row.Mask)).Mask;
        if (filter is null || mask is null) (config, locked) = (null, "Its filter or mask cannot be read any more. Save it again.");
        return new Destination
        {
            Id = (int)row.Id,
            TenantId = (int)row.Tenant,
            Revision = row.Revision,
            Name = row.Name,
            Kind = kind,
            Config = config,
            Locked = locked,
            AppIds = row.AllApps ? null : apps,
            ExceptAppIds = row.AllApps ? [.. apps, .. off] : off,
            Filter = filter ?? Filter.Everything,
            SampleRate = row.SampleRate,
            KeepErrors = row.KeepErrors,
            Mask = mask ?? Mask.None,
            Signals = DestinationRow.ListOf(row.Signals).ToHashSet(StringComparer.Ordinal),
            CreatedAt = new Timestamp(row.Created),

            // "Now" is when it was made, not when its lane first runs: what came in between is carried too.
            Start = row.StartOf() is StartAt.Now ? new StartAt.Time(new Timestamp(row.Created)) : row.StartOf(),
            Enabled = row.Enabled,
            Paused = row.Paused,
        };
    }

    private static bool IsSame(IReadOnlyList<Destination> one, List<Destination> other) =>
        one.Count == other.Count && one.Zip(other).All(pair => ReferenceEquals(pair.First, pair.Second) || (pair.First.Id == pair.Second.Id && pair.First.Revision == pair.Second.Revision && pair.First.Locked == pair.Second.Locked));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
