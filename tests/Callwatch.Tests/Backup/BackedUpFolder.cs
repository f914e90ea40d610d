using Callwatch.Backup;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Testing;
using Callwatch.Tests.Store;

namespace Callwatch.Tests.Backup;

/// <summary>A data folder with a journal of several segments, a store that has read it, and control data; and a backup of it.</summary>
internal sealed class BackedUpFolder : IDisposable
{
    private readonly TempFolder temp = new();

    public string Data => temp.At("data");

    public string Backup => temp.At("backup");

    public string Restored => temp.At("restored");

    public string At(string name) => temp.At(name);

    /// <summary>The same numbers always stand for the same spans.</summary>
    public static SpanBuilder Chat(ulong id) => A.Span("chat gpt-4o").Trace(new Callwatch.Spans.TraceId(1, id)).Id(id).With(
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.usage.input_tokens", 100L), ("gen_ai.usage.output_tokens", 20L), ("gen_ai.input.messages", new string('x', 3000)));

    public static async Task<BackedUpFolder> MakeAsync(int calls = 40)
    {
        var folder = new BackedUpFolder();
        Directory.CreateDirectory(folder.Data);
        using (var db = new ControlDb(Path.Combine(folder.Data, "control.db")))
            new FirstStart(db, new Keys(db, TimeProvider.System), TimeProvider.System).Ensure(folder.Data, null);
        await File.WriteAllTextAsync(Path.Combine(folder.Data, "format"), "1\n");
        await folder.AppendAsync(1, calls);
        await folder.StoreAsync();
        return folder;
    }

    public async Task AppendAsync(ulong from, int count, string? data = null)
    {
        await using var journal = TestJournal.Open(Path.Combine(data ?? Data, "journal"), TestJournal.Options(segmentBytes: 16 * 1024));
        for (var id = from; id < from + (ulong)count; id++)
        {
            var payload = A.Traces(Chat(id));
            var result = await journal.AppendAsync([RunningStore.Entry(Signal.Traces, payload, 1)], CancellationToken.None);
            if (result is not AppendResult.Stored) throw new InvalidOperationException(result.ToString());
        }
    }

    /// <summary>Lets the store read what the journal holds, as a start would; the ids of its calls.</summary>
    public async Task<List<ulong>> StoreAsync(string? data = null, GoOn? choice = null)
    {
        await using var journal = TestJournal.Open(Path.Combine(data ?? Data, "journal"), TestJournal.Options(segmentBytes: 16 * 1024));
        await using var store = new RunningStore(Path.Combine(data ?? Data, "store"), journal);
        await store.StartAsync(CancellationToken.None);
        if (choice is not null)
        {
            await Eventually.HoldsAsync(() => store.Choices.Find("store") is not null, "the store waits");
            store.Choices.Choose("store", choice, "Key 1");
        }

        await Eventually.HoldsAsync(() => store.Choices.Find("store") is not null || store.Progress.Position == journal.Head, "the store has read all, or waits");
        if (store.Choices.Find("store") is { } waits) throw new InvalidOperationException(waits.Standing.ToString());
        store.Contents().AssertFiguresFollowFromRows();
        return [.. store.Contents().Calls.Select(call => call.SpanId.Value).Order()];
    }

    public Task<BackupResult> BackUpAsync(string? to = null, string? since = null, Action<BackupProgress>? progress = null, CancellationTokenSource? stop = null) =>
        OfflineBackup.MakeAsync(Data, to ?? Backup, since, progress ?? (_ => { }), TimeProvider.System, stop?.Token ?? CancellationToken.None);

    public void Dispose() => temp.Dispose();
}
