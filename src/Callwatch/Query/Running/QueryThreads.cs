using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Callwatch.Query.Running;

/// <summary>
/// The threads that questions run on. SQLite works on the thread that asks: on the pool's threads a few slow questions would hold up
/// intake, which needs them. Where the system lets a thread be less important than others, these are.
/// </summary>
internal sealed partial class QueryThreads(int most) : IDisposable
{
    /// <summary>A tenth of the processor's time against a thread of ordinary importance that wants it too.</summary>
    private const int Niceness = 10;

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
        BecomeLessImportant();
        foreach (var action in work.GetConsumingEnumerable())
        {
            action();
            lock (gate) idle++;
        }
    }

    // Of this thread alone: on Linux each has a niceness of its own. Where it cannot be set, questions are as important as all else.
    private static void BecomeLessImportant()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetPriority(which: 0, who: 0, Niceness);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another system library, another name.
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int priority);
}
