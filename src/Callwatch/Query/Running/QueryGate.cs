using Callwatch.Search;
using Callwatch.Store.Partitions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Callwatch.Query.Running;

/// <summary>
/// Lets a bounded number of questions at the store at once, in turn among tenants, on threads of their own, each within its time. A
/// question whose asker has gone stops, whether it waits or runs.
/// </summary>
public sealed class QueryGate : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly StoreFolder store;
    private readonly TimeProvider time;
    private readonly QueryOptions options;
    private readonly SearchIndex? search;
    private readonly Turns turns;
    private readonly QueryThreads threads;

    /// <param name="search">Without it text is looked for in the rows.</param>
    public QueryGate(StoreFolder store, TimeProvider time, IOptions<QueryOptions> options, SearchIndex? search = null)
    {
        (this.store, this.time, this.options, this.search) = (store, time, options.Value, search);
        var atOnce = options.Value.MaxAtOnce > 0 ? options.Value.MaxAtOnce : Math.Max(2, Environment.ProcessorCount);
        turns = new Turns(atOnce, options.Value.MaxWaiting, time);
        threads = new QueryThreads(atOnce);
    }

    /// <summary>Questions being answered now.</summary>
    internal int Running => turns.Running;

    /// <summary>Questions whose turn has not come.</summary>
    internal int Waiting => turns.Waiting;

    /// <summary>Null when it took longer than allowed, or too many wait already.</summary>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    internal async Task<T?> RunAsync<T>(ReadScope scope, Func<QueryRun, T> question, CancellationToken cancel)
        where T : class
    {
        if (!await turns.EnterAsync(scope.TenantId, cancel)) return null;
        try
        {
            return await OnThreadAsync(scope.TenantId, question, cancel);
        }
        catch (DamagedWordsException)
        {
            return null;
        }
    }

    /// <summary>Answers <see cref="Answer{T}.TooMuch"/> when it took longer than allowed, or too many wait already.</summary>
    internal async Task<Answer<T>> AnswerAsync<T>(ReadScope scope, Func<QueryRun, Answer<T>> question, CancellationToken cancel)
    {
        if (!await turns.EnterAsync(scope.TenantId, cancel))
            return new Answer<T>.TooMuch("Too many questions wait to be answered already; ask again in a moment.") { RetryAfter = RetryAfter };
        try
        {
            return await OnThreadAsync(scope.TenantId, question, cancel)
                ?? new Answer<T>.TooMuch("This takes longer than allowed. Ask for a shorter time, fewer apps, or with a narrower filter.");
        }
        catch (DamagedWordsException)
        {
            return new Answer<T>.TooMuch("A file of the full-text index is damaged and is being set aside; ask again in a moment.") { RetryAfter = RetryAfter, MetDamage = true };
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_IOERR)
        {
            return new Answer<T>.TooMuch("A file of the store cannot be opened or read just now; ask again in a moment.") { RetryAfter = RetryAfter, CannotRead = true };
        }
        catch (SqliteException e) when (DamagedFiles.IsDamage(e))
        {
            // The store has been told, and looks at its files now.
            return new Answer<T>.TooMuch("A file of the store is damaged and is being set aside; ask again in a moment.") { RetryAfter = RetryAfter, MetDamage = true };
        }
    }

    public void Dispose() => threads.Dispose();

    private Task<T?> OnThreadAsync<T>(int tenantId, Func<QueryRun, T> question, CancellationToken cancel)
        where T : class
    {
        var answer = new TaskCompletionSource<T?>(TaskCreationOptions.RunContinuationsAsynchronously);
        threads.Run(() =>
        {
            try
            {
                T? said;
                using (var run = new QueryRun(store, search, time, options, cancel)) said = Ask(question, run);
                turns.Leave(tenantId);
                answer.SetResult(said);
            }
            catch (Exception e)
            {
                turns.Leave(tenantId);
                if (e is SqliteException sqlite && DamagedFiles.IsDamage(sqlite)) store.Suspect();
                if (e is OperationCanceledException && cancel.IsCancellationRequested) answer.SetCanceled(cancel);
                else answer.SetException(e);
            }
        });
        return answer.Task;
    }

    private static T? Ask<T>(Func<QueryRun, T> question, QueryRun run)
        where T : class
    {
        try
        {
            run.Cancel.ThrowIfCancellationRequested();
            var said = question(run);
            return run.MissedWords ? throw new DamagedWordsException() : said;
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

/// <summary>What was looked for by its words may not all have been found: the same question asked again is answered by what is left.</summary>
internal sealed class DamagedWordsException() : Exception("A file of the full-text index is damaged.");

/// <summary>The time of a question is up; never leaves <see cref="QueryGate"/>.</summary>
internal sealed class TimeIsUpException : Exception;
