using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.History;

/// <summary>
/// The figures of a partition, or of one app of it, on their way into <c>history.db</c>: prepared off the writer's thread, committed on it
/// together with the word that they are not to be read where they came from. A stop before the commit leaves everything where it was, one after it nothing to do but delete.
/// </summary>
internal sealed class Moving : IDisposable
{
    private readonly SqliteConnection history;
    private readonly SqliteConnection from;
    private readonly SqliteTurn turn;
    private readonly HistoryFile file;
    private readonly HistoryMerge merge;

    /// <param name="app">Null moves all that has not been moved yet.</param>
    /// <param name="quartersFrom">From which day on an app's figures by the quarter hour are kept, in seconds since 1970.</param>
    public Moving(StoreFolder folder, Partition partition, (int Tenant, int App)? app, Func<int, int, long> quartersFrom)
    {
        file = folder.History;
        history = file.Open();
        from = StoreDatabase.OpenForReading(Path.Combine(folder.Folder, partition.File));
        turn = new SqliteTurn(history, "BEGIN IMMEDIATE");
        merge = new HistoryMerge(history, from, Wanted, (tenant, number) => Math.Max(quartersFrom(tenant, number), HistoryAging.AgedUntil(history, tenant, number)));
        merge.Run();
        using var put = new Statement(history, "INSERT OR IGNORE INTO moved (file, tenant, app) VALUES (?1, ?2, ?3)");
        put.BindText(1, partition.File).Bind(2, app?.Tenant ?? HistoryFile.All).Bind(3, app?.App ?? HistoryFile.All).Run();

        bool Wanted(int tenant, int number) => (app is null || app == (tenant, number)) && !file.IsMoved(partition.File, tenant, number);
    }

    public long ForgottenErrors => merge.ForgottenErrors;

    /// <summary>On the writer's thread, once nobody can have changed the partition since it was read.</summary>
    public void Commit()
    {
        turn.Commit();
        file.LookAgain(history);
    }

    public void Dispose()
    {
        merge.Dispose();
        turn.Dispose();
        from.Dispose();
        history.Dispose();
    }
}
