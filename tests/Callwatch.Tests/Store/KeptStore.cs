using Callwatch.Control;
using Callwatch.Store.History;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Tests.Store;

/// <summary>Retention over a test store, with rules of its own and a clock moved by hand.</summary>
internal sealed class KeptStore : IDisposable
{
    private readonly TestStore store;
    private readonly ManualTime time;
    private readonly TimeProvider ages;
    private readonly ControlDb control;
    private WriterThread thread = new();

    /// <param name="ages">The clock by which rows grow old; null for the same.</param>
    public KeptStore(TestStore store, string controlFile, ManualTime time, TimeProvider? ages = null)
    {
        this.store = store;
        this.time = time;
        this.ages = ages ?? time;
        control = new ControlDb(controlFile);
        Rules = new RetentionDesk(control, new RetentionRules());
        Retention = Make();
    }

    public RetentionDesk Rules { get; }

    public StoreRetention Retention { get; private set; }

    public Counters Counters { get; } = new();

    public bool DiskIsShort { get; set; }

    public DataHold Hold { get; } = new();

    /// <summary>Everything that is due, with files closed first.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        CloseAll(cancel);
        for (var round = 0; round < 200; round++)
        {
            await Retention.RoundAsync(cancel);
            time.Advance(TimeSpan.FromSeconds(2));
        }
    }

    public void CloseAll(CancellationToken cancel)
    {
        var closing = new PartitionClosing(store.Folder, time);
        _ = closing.Due();
        time.Advance(TimeSpan.FromMinutes(11));
        while (closing.Due() is { } due)
        {
            store.Writer.Release(due.File);
            closing.Confirm(closing.Close(due, cancel));
        }
    }

    /// <summary>As a kill and a new start leave it.</summary>
    public void Restart()
    {
        thread.Dispose();
        thread = new WriterThread();
        store.Restart();
        Retention = Make();
    }

    public void Dispose()
    {
        thread.Dispose();
        control.Dispose();
        Hold.Dispose();
    }

    private StoreRetention Make() => new(store.Folder, store.Writer, thread, Rules, () => DiskIsShort, Counters, ages, NullLogger.Instance, Hold);
}
