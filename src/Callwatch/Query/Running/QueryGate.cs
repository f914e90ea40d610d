using Callwatch.Store.Partitions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Callwatch.Query.Running;

/// <summary>
/// Lets a bounded number of questions at the store at once, off the caller's thread, each within its time. SQLite works on the thread
/// that asks, so without a bound a burst of slow questions would take every thread from intake.
/// </summary>
public sealed class QueryGate(StoreFolder store, TimeProvider time, IOptions<QueryOptions> options) : IDisposable
{
    private readonly SemaphoreSlim slots = new(options.Value.MaxAtOnce > 0 ? options.Value.MaxAtOnce : Math.Max(2, Environment.ProcessorCount));

    /// <summary>Null when it took longer than allowed.</summary>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    internal async Task<T?> RunAsync<T>(Func<QueryRun, T> question, CancellationToken cancel)
        where T : class
    {
        await slots.WaitAsync(cancel);
        try
        {
            var run = new QueryRun(store, time, options.Value, cancel);
            return await Task.Run(() => Ask(question, run), cancel);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Answers <see cref="Answer{T}.TooMuch"/> when it took longer than allowed.</summary>
    internal async Task<Answer<T>> AnswerAsync<T>(Func<QueryRun, Answer<T>> question, CancellationToken cancel) =>
        await RunAsync(question, cancel) ?? new Answer<T>.TooMuch("This takes longer than allowed. Ask for a shorter time, fewer apps, or with a narrower filter.");

    public void Dispose() => slots.Dispose();

    private static T? Ask<T>(Func<QueryRun, T> question, QueryRun run)
        where T : class
    {
        try
        {
            return question(run);
        }
        catch (TimeIsUpException)
        {
            return null;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            run.Cancel.ThrowIfCancellationRequested();
            return null;
        }
    }
}

/// <summary>The time of a question is up; never leaves <see cref="QueryGate"/>.</summary>
internal sealed class TimeIsUpException : Exception;
