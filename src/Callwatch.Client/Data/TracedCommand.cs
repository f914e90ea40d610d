using System.Data;
using System.Data.Common;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Callwatch.Client.Telemetry;
using Callwatch.Client.Telemetry.Sources;

namespace Callwatch.Client.Data;

/// <summary>Hands everything on, with a span around each run. Of a reader the span ends when it is there, as with the drivers that make their own.</summary>
internal sealed class TracedCommand(DbCommand inner, TracedConnection connection) : DbCommand
{
    private TracedConnection? traced = connection;

    [AllowNull]
    public override string CommandText
    {
        get => inner.CommandText;
        set => inner.CommandText = value;
    }

    public override int CommandTimeout
    {
        get => inner.CommandTimeout;
        set => inner.CommandTimeout = value;
    }

    public override CommandType CommandType
    {
        get => inner.CommandType;
        set => inner.CommandType = value;
    }

    public override bool DesignTimeVisible
    {
        get => inner.DesignTimeVisible;
        set => inner.DesignTimeVisible = value;
    }

    public override UpdateRowSource UpdatedRowSource
    {
        get => inner.UpdatedRowSource;
        set => inner.UpdatedRowSource = value;
    }

    protected override DbConnection? DbConnection
    {
        get => traced is null ? inner.Connection : traced;
        set
        {
            traced = value as TracedConnection;
            inner.Connection = traced is null ? value : traced.Inner;
        }
    }

    protected override DbParameterCollection DbParameterCollection => inner.Parameters;

    protected override DbTransaction? DbTransaction
    {
        get => inner.Transaction;
        set => inner.Transaction = value;
    }

    public override void Cancel() => inner.Cancel();

    public override void Prepare() => inner.Prepare();

    public override Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public override int ExecuteNonQuery() => Run(inner, static command => command.ExecuteNonQuery());

    public override object? ExecuteScalar() => Run(inner, static command => command.ExecuteScalar());

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) => RunAsync(() => inner.ExecuteNonQueryAsync(cancellationToken));

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) => RunAsync(() => inner.ExecuteScalarAsync(cancellationToken));

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override DbParameter CreateDbParameter() => inner.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Run((inner, behavior), static run => run.inner.ExecuteReader(run.behavior));

    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) => RunAsync(() => inner.ExecuteReaderAsync(behavior, cancellationToken));

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private T Run<TState, T>(TState state, Func<TState, T> run)
    {
        using var span = Begin();
        try
        {
            return run(state);
        }
        catch (Exception e)
        {
            DataSpans.Failed(span, e);
            throw;
        }
    }

    private async Task<T> RunAsync<T>(Func<Task<T>> run)
    {
        using var span = Begin();
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            DataSpans.Failed(span, e);
            throw;
        }
    }

    private Activity? Begin()
    {
        try
        {
            var system = traced?.System ?? DataSpans.SystemOf(inner.Connection);
            return DataSpans.Begin(inner, DataSpans.NameOf(inner.Connection, system), system);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A driver's own properties may throw; the command has not even begun.
            TelemetryEvents.Log.Unexpected("a database command", e.GetType().Name);
            return null;
        }
    }
}
