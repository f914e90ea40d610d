using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Callwatch.Store.Sqlite;

/// <summary>
/// A prepared statement straight on SQLite's own interface: rows are written tens of thousands a second, and ADO.NET's parameter objects
/// cost several times what the insert itself does. Parameters are numbered from 1, columns from 0. For one thread.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;

    public Statement(SqliteConnection connection, string sql)
    {
        database = connection.Handle ?? throw new InvalidOperationException("The connection is closed.");
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
    }

    public Statement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(statement, index, value));
        return this;
    }

    public Statement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public Statement BindNull(int index)
    {
        Check(raw.sqlite3_bind_null(statement, index));
        return this;
    }

    public Statement BindBlob(int index, ReadOnlySpan<byte> bytes)
    {
        Check(raw.sqlite3_bind_blob(statement, index, bytes));
        return this;
    }

    public Statement BindText(int index, string? text)
    {
        if (text is null) return BindNull(index);
        Check(raw.sqlite3_bind_text(statement, index, text));
        return this;
    }

    /// <param name="utf8">Null is NULL.</param>
    public Statement BindUtf8(int index, byte[]? utf8)
    {
        if (utf8 is null) return BindNull(index);
        Check(raw.sqlite3_bind_text(statement, index, utf8.AsSpan()));
        return this;
    }

    /// <summary>The number of a parameter that has a name; 0 when the statement does not use it.</summary>
    public int IndexOf(string parameter) => raw.sqlite3_bind_parameter_index(statement, parameter);

    public Statement Bind(int index, double value)
    {
        Check(raw.sqlite3_bind_double(statement, index, value));
        return this;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run()
    {
        while (Step())
        {
            // A RETURNING clause nobody asked for.
        }
    }

    /// <summary>True at a row; false at the end, when the statement is ready for the next run.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW) return true;
        raw.sqlite3_reset(statement);
        if (code != raw.SQLITE_DONE) Throw(code);
        return false;
    }

    /// <summary>The one number a query gives; null when it gives none.</summary>
    public long? Number()
    {
        if (!Step()) return null;
        var number = NullableLong(0);
        Reset();
        return number;
    }

    public void Reset() => raw.sqlite3_reset(statement);

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public long? NullableLong(int column) =>
        raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL ? null : raw.sqlite3_column_int64(statement, column);

    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public void Dispose() => statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK) Throw(code);
    }

    // The text names tables and columns, never a value that was bound.
    private void Throw(int code) =>
        throw new SqliteException(raw.sqlite3_errmsg(database).utf8_to_string(), code & 0xFF, raw.sqlite3_extended_errcode(database));
}
