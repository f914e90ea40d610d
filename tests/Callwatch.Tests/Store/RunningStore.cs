using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Reindexing;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Callwatch.Tests.Store;

/// <summary>The whole stage on a real folder, following a journal.</summary>
internal sealed class RunningStore : IAsyncDisposable
{
    private readonly WriterThread thread = new();
    private readonly StoreWriter writer;
    private readonly StoreReader reader;

    public RunningStore(string path, IJournal journal, StoreOptions? options = null, PriceBooks? books = null)
    {
        Journal = journal;
        Folder = new StoreFolder(path);
        Progress = new StoreProgress(journal, Folder, TimeProvider.System);
        Choices = new ReaderChoices(journal, NullLogger<ReaderChoices>.Instance);
        var settings = options ?? new StoreOptions { BatchDelay = TimeSpan.FromMilliseconds(5) };
        var prices = books ?? new PriceBooks();
        var normalizer = new SpanNormalizer(prices);
        writer = new StoreWriter(Folder, settings, prices.PriceAgain, new JournalSpans(journal, normalizer, prices).Again, Counters);
        reader = new StoreReader(
            journal, Folder, writer, thread, new BatchBuilder(normalizer, Counters, NullLogger<BatchBuilder>.Instance), Progress, Calls, Choices,
            new DamagedPartitions(Folder, writer, Counters, NullLogger<DamagedPartitions>.Instance), Options.Create(settings), Counters, TimeProvider.System, NullLogger<StoreReader>.Instance);
        Tools = new ReindexTools(
            journal, Folder, writer, thread, prices, settings, new JournalOptions { MinFreeBytes = 0, MinFreePercent = 0 }, Disk, TimeProvider.System, () => TimeSpan.FromDays(36_500), new DataHold());
        Reindexer = new Reindexer(Tools, Progress, Work, NullLogger<Reindexer>.Instance);
    }

    public FakeDiskSpace Disk { get; } = new();

    public StoreWork Work { get; } = new();

    public ReindexTools Tools { get; }

    public Reindexer Reindexer { get; }

    public WriterThread Thread => thread;

    public IJournal Journal { get; }

    public StoreFolder Folder { get; }

    public StoreProgress Progress { get; }

    public StoredCalls Calls { get; } = new();

    public ReaderChoices Choices { get; }

    public Counters Counters { get; } = new();

    public StoreReader Reader => reader;

    public StoreWriter Writer => writer;

    public Task StartAsync(CancellationToken cancel) => reader.StartAsync(cancel);

    public Task WhenStoredAsync(CancellationToken cancel) => Progress.ReachedAsync(Journal.Head.Number, cancel);

    public StoreContents Contents() => StoreContents.Of(Folder);

    /// <summary>Lets go of every file, as an idle server does.</summary>
    public Task RestAsync() => thread.RunAsync(() =>
    {
        writer.Rest();
        new Checkpoints(Folder.Folder).Run(writer.Unsynced);
    });

    public async ValueTask DisposeAsync()
    {
        await Reindexer.CancelAsync();
        Reindexer.Dispose();
        await reader.StopAsync(CancellationToken.None);
        reader.Dispose();
        thread.Dispose();
        Folder.Dispose();
    }

    public static JournalEntry Entry(Signal signal, byte[] payload, int items, Timestamp? receivedAt = null) => new()
    {
        Signal = signal,
        TenantId = 1,
        AppId = 1,
        KeyId = 0,
        ReceivedAt = receivedAt ?? A.Noon.Plus(TimeSpan.FromSeconds(10)),
        ItemCount = items,
        Payload = payload,
    };
}
