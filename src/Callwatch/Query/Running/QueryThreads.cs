using System.Collections.Concurrent;

namespace Callwatch.Query.Running;

/// <summary>
/// The threads that questions run on. SQLite works on the thread that asks: on the pool's threads a few slow questions would hold up
/// intake, which needs them. Where the system lets a thread be less important than others, these are.
/// </summary>
internal sealed class QueryThreads(int most) : IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Lock gate = new();
    private readonly List<Thread> threads = [];
    private int idle;

    /// <param name="action">Must not throw.</param>
    public void Run(Action action)
    {
        lock (gate)
        {
            if (idle == 0 && threads.Count < most)
            {
                var thread = new Thread(Work) { IsBackground = true, Name = "query" };
                threads.Add(thread);
                thread.Start();
            }
            else
            {
                idle--;
            }
        }

        work.Add(action);
    }

    /// <summary>Returns once everything asked for has been done.</summary>
    public void Dispose()
    {
        work.CompleteAdding();
        foreach (var thread in threads) thread.Join();
        work.Dispose();
    }

    private void Work()
    {
        ThreadImportance.Lower(ThreadImportance.Asking);
        foreach (var action in work.GetConsumingEnumerable())
        {
            action();
            lock (gate) idle++;
        }
    }
}
