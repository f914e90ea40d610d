using System.Data.Common;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Callwatch.Client.Telemetry.Sources;

/// <summary>
/// Libraries that tell of their work by diagnostic events and publish no activity source: EF Core, SqlClient, Quartz. Found when and if they appear;
/// without any of them this is an empty subscription. One for all hosts of the process: what it makes of an event is heard by all of them.
/// </summary>
internal sealed class DiagnosticSources : IObserver<DiagnosticListener>, IDisposable
{
    private static readonly Lock Sharing = new();
    private static DiagnosticSources? shared;
    private static int watchers;

    private readonly Lock gate = new();
    private readonly List<IDisposable> subscriptions = [];

    private DiagnosticSources()
    {
    }

    /// <summary>Until the last of those who watch has been disposed of.</summary>
    public static IDisposable Watch()
    {
        DiagnosticSources? begun = null;
        lock (Sharing)
        {
            if (watchers++ == 0) begun = shared = new DiagnosticSources();
        }

        begun?.Subscribe();
        return new Watcher();
    }

    private void Subscribe()
    {
        var subscription = DiagnosticListener.AllListeners.Subscribe(this);
        lock (gate) subscriptions.Add(subscription);
    }

    public void OnNext(DiagnosticListener value)
    {
        IDisposable? subscription = value.Name switch
        {
            "Microsoft.EntityFrameworkCore" => value.Subscribe(new EntityFramework(), EntityFramework.Wants),
            "SqlClientDiagnosticListener" => value.Subscribe(new SqlClient(), SqlClient.Wants),
            // Being listened to is all it needs: it begins and ends its activities itself. Of jobs alone: its store is asked all the time.
            "Quartz" => value.Subscribe(new Ignored(), (name, _, _) => name.StartsWith("Quartz.Job.", StringComparison.Ordinal)),
            _ => null,
        };
        if (subscription is null) return;
        lock (gate) subscriptions.Add(subscription);
    }

    public void OnCompleted()
    {
        // Never comes.
    }

    public void OnError(Exception error)
    {
        // Never comes.
    }

    public void Dispose()
    {
        // Not under the lock: who makes a listener holds the framework's own and waits for ours.
        IDisposable[] all;
        lock (gate)
        {
            all = [.. subscriptions];
            subscriptions.Clear();
        }

        foreach (var one in all) one.Dispose();
    }

    /// <summary>A field of an event, whatever type that has.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Neither EF Core nor SqlClient can be trimmed; a field that is gone all the same only costs the span.")]
    internal static object? Field(object payload, string name)
    {
        if (payload is IEnumerable<KeyValuePair<string, object?>> pairs)
            foreach (var (key, value) in pairs)
                if (key == name) return value;
        return payload.GetType().GetProperty(name)?.GetValue(payload);
    }

    private sealed class Watcher : IDisposable
    {
        private bool isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isDisposed, true)) return;
            DiagnosticSources? over = null;
            lock (Sharing)
            {
                if (--watchers == 0) (over, shared) = (shared, null);
            }

            over?.Dispose();
        }
    }

    private sealed class Ignored : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            // Nothing to add.
        }

        public void OnCompleted()
        {
            // Nothing to add.
        }

        public void OnError(Exception error)
        {
            // Nothing to add.
        }
    }
}

/// <summary>Events about commands; the span is made when a command has ended, so that it never becomes current for anybody.</summary>
internal abstract class CommandEvents : IObserver<KeyValuePair<string, object?>>
{
    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is null || !DataSpans.Source.HasListeners()) return;
        try
        {
            Tell(value.Key, value.Value);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            TelemetryEvents.Log.Unexpected("a database command", e.GetType().Name);
        }
    }

    public void OnCompleted()
    {
        // The library has gone.
    }

    public void OnError(Exception error)
    {
        // Listeners tell none.
    }

    protected abstract void Tell(string name, object payload);

    protected static void Write(DbCommand command, DateTimeOffset began, TimeSpan took, Exception? error)
    {
        var system = DataSpans.SystemOf(command.Connection);
        using var span = DataSpans.Begin(command, DataSpans.NameOf(command.Connection, system), system, began);
        if (span is null) return;
        if (error is not null) DataSpans.Failed(span, error);
        span.SetEndTime(began.UtcDateTime + took);
    }
}

/// <summary>EF Core, for databases whose driver makes no spans itself.</summary>
internal sealed class EntityFramework : CommandEvents
{
    private const string Executed = "Microsoft.EntityFrameworkCore.Database.Command.CommandExecuted";
    private const string Failed = "Microsoft.EntityFrameworkCore.Database.Command.CommandError";

    public static bool Wants(string name, object? first, object? second) => name is Executed or Failed;

    protected override void Tell(string name, object payload)
    {
        if (DiagnosticSources.Field(payload, "Command") is not DbCommand command || HasOwnSpans(command)) return;
        if (DiagnosticSources.Field(payload, "StartTime") is not DateTimeOffset began || DiagnosticSources.Field(payload, "Duration") is not TimeSpan took) return;
        Write(command, began, took, name == Failed ? DiagnosticSources.Field(payload, "Exception") as Exception : null);
    }

    private static bool HasOwnSpans(DbCommand command) =>
        command is Data.TracedCommand
        || command.GetType().Namespace is { } space && (space.StartsWith("Npgsql", StringComparison.Ordinal) || space.StartsWith("MySqlConnector", StringComparison.Ordinal)
            || space.StartsWith("Oracle.", StringComparison.Ordinal) || space.EndsWith("Data.SqlClient", StringComparison.Ordinal));
}

/// <summary>Microsoft.Data.SqlClient and System.Data.SqlClient.</summary>
internal sealed class SqlClient : CommandEvents
{
    private readonly ConditionalWeakTable<object, StrongBox<long>> begun = [];

    public static bool Wants(string name, object? first, object? second) => name.Contains("WriteCommand", StringComparison.Ordinal);

    protected override void Tell(string name, object payload)
    {
        if (DiagnosticSources.Field(payload, "Command") is not DbCommand command) return;
        if (name.EndsWith("WriteCommandBefore", StringComparison.Ordinal))
        {
            begun.AddOrUpdate(command, new StrongBox<long>(Stopwatch.GetTimestamp()));
            return;
        }

        if (!begun.TryGetValue(command, out var since)) return;
        begun.Remove(command);
        var took = Stopwatch.GetElapsedTime(since.Value);
        Write(command, TimeProvider.System.GetUtcNow() - took, took, DiagnosticSources.Field(payload, "Exception") as Exception);
    }
}
