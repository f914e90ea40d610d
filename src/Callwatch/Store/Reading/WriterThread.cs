using System.Collections.Concurrent;

namespace Callwatch.Store.Reading;

/// <summary>
/// The thread that alone touches the writer and the catalog: SQLite's calls block, and blocking belongs on a thread of one's own. Another of
/// them normalises, which is work without a pause that intake's threads are not for.
/// </summary>
internal sealed class WriterThread : IDisposable
{
    private readonly BlockingCollection<Action> work = new(boundedCapacity: 64);
    private bool isDisposed;
    private readonly Thread thread;

    public WriterThread(string name = "store writer", int importance = ThreadImportance.Storing)
    {
        thread = new Thread(() =>
        {
            ThreadImportance.Lower(importance);
            Run();
        })
        { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>Runs it there, in the order asked; exceptions come back through the task.</summary>
    public Task<T> RunAsync<T>(Func<T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.Add(() =>
        {
            try
            {
                done.SetResult(action());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    public Task RunAsync(Action action) => RunAsync(() =>
    {
        action();
        return true;
    });

    /// <summary>Returns once everything asked for has been done. The container may ask twice, for each way in which it knows the reader.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, true)) return;
        work.CompleteAdding();
        thread.Join();
        work.Dispose();
    }

    private void Run()
    {
        foreach (var action in work.GetConsumingEnumerable()) action();
    }
}
