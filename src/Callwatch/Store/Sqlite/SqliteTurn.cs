using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Sqlite;

/// <summary>A transaction that is undone unless it is committed.</summary>
internal sealed class SqliteTurn : IDisposable
{
    private readonly SqliteConnection connection;
    private bool done;

    public SqliteTurn(SqliteConnection connection, string begin)
    {
        this.connection = connection;
        StoreDatabase.Execute(connection, begin);
    }

    public void Commit()
    {
        StoreDatabase.Execute(connection, "COMMIT");
        done = true;
    }

    public void Dispose()
    {
        if (!done) StoreDatabase.Execute(connection, "ROLLBACK");
        done = true;
    }
}
