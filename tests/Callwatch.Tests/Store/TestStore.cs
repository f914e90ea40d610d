using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;

namespace Callwatch.Tests.Store;

/// <summary>A writer on a real folder, fed with spans directly.</summary>
internal sealed class TestStore : IDisposable
{
    public static readonly Guid Epoch = Guid.Parse("6f1c2f4e-0f4f-4a52-9d0c-1d5d0a100001");

    private readonly string path;
    private readonly StoreOptions options;

    public TestStore(string path, StoreOptions? options = null)
    {
        this.path = path;
        this.options = options ?? new StoreOptions { CacheKib = 2_048 };
        (Folder, Writer) = Open();
    }

    public StoreFolder Folder { get; private set; }

    public StoreWriter Writer { get; private set; }

    public Counters Counters { get; } = new();

    /// <summary>What a span is found to be when it is normalised again with log records: its operation says how many.</summary>
    public SpanAgain Again { get; set; } = (span, _, _, logs) => span with { InputPreview = $"{logs.Count} logs" };

    public IReadOnlyList<Span> Store(IEnumerable<ArrivedSpan> spans, IEnumerable<ArrivedLog>? logs = null)
    {
        var batch = new StoreBatch([.. spans], [.. logs ?? []], default);
        var last = batch.Spans.Select(span => span.Version.Number).Concat(batch.Logs.Select(log => log.Place.Version.Number)).Append(Folder.Catalog.Position?.Number ?? 0).Max();
        return Writer.Apply(batch with { Last = new Position(Epoch, last) });
    }

    /// <summary>What a stop and a new start leave: everything committed, nothing else.</summary>
    public void Restart()
    {
        Close();
        (Folder, Writer) = Open();
    }

    public StoreContents Contents() => StoreContents.Of(Folder);

    /// <summary>After it was disposed of.</summary>
    public void Reopen() => (Folder, Writer) = Open();

    public void Dispose() => Close();

    private (StoreFolder, StoreWriter) Open()
    {
        var folder = new StoreFolder(path);
        return (folder, new StoreWriter(folder, options, (call, _, _, _) => CallCost.Unknown(call.Cost.Reason ?? "no_price"), (span, version, received, logs) => Again(span, version, received, logs), Counters));
    }

    private void Close()
    {
        Writer.Dispose();
        Folder.Dispose();
    }
}
