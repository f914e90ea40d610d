using System.Security.Cryptography;
using Callwatch.Journal;
using Callwatch.Journal.Writing;
using Callwatch.Media;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Tests.Media;

/// <summary>A folder of media beside a journal, with a clock moved by hand.</summary>
internal sealed class MediaWorld : IDisposable
{
    private readonly TempFolder temp = new();

    public MediaWorld(IJournalFiles? files = null)
    {
        Files = files ?? DiskFiles.Instance;
        Folder = Open();
    }

    public IJournalFiles Files { get; }

    public ManualTime Time { get; } = new();

    public Counters Counters { get; } = new();

    public DataHold Hold { get; } = new();

    public FakeDiskSpace Space { get; } = new();

    public MediaOptions Options { get; } = new();

    public JournalWithOldest Journal { get; } = new();

    public bool HasRoom { get; set; } = true;

    public MediaFolder Folder { get; private set; }

    public string Root => temp.At("media");

    /// <summary>All files but the empty marks.</summary>
    public IEnumerable<string> Pieces => Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path).Length == MediaHash.Length);

    public IEnumerable<string> Marks => MarkFiles.Select(path => Path.GetFileName(path)[MediaHash.Length..]).Order(StringComparer.Ordinal);

    public IEnumerable<string> MarkFiles => Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Where(path => Path.HasExtension(path));

    public static MediaHash HashOf(byte[] bytes) => MediaHash.Of(SHA256.HashData(bytes));

    public MediaFolder Open() => new(Root, Files, () => HasRoom, Time, NullLogger.Instance);

    /// <summary>As after a kill.</summary>
    public void Reopen()
    {
        Folder.Dispose();
        Folder = Open();
    }

    public Task<bool> KeepAsync(byte[] bytes, int tenant = 1, int app = 7) =>
        Folder.TryKeepAsync(tenant, [new NewMedia(app, HashOf(bytes), bytes.Length, to => to(bytes))]).AsTask();

    public byte[]? Read(byte[] bytes, int tenant = 1, int? app = null)
    {
        using var file = Folder.Open(tenant, app, HashOf(bytes));
        if (file is null) return null;
        using var all = new MemoryStream();
        file.CopyTo(all);
        return all.ToArray();
    }

    public void Sweep() => NewSweep().Run();

    public MediaSweep NewSweep() => new(Folder, Journal, Options, new JournalOptions(), Files, Space, Time, Counters, Hold);

    public void Dispose()
    {
        Folder.Dispose();
        Hold.Dispose();
        temp.Dispose();
    }

    /// <summary>A journal that holds records from a time on.</summary>
    internal sealed class JournalWithOldest : IJournal
    {
        private readonly InMemoryJournal none = new();

        public DateTimeOffset? OldestReceivedAt { get; set; }

        public Guid Epoch => none.Epoch;

        public Position Head => none.Head;

        public long FirstNumber => none.FirstNumber;

        public ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel) => none.AppendAsync(entries, cancel);

        public IAsyncEnumerable<JournalRecord> ReadAsync(long after, CancellationToken cancel) => none.ReadAsync(after, cancel);

        public JournalRecord? Find(long number) => none.Find(number);

        public JournalStatus Status() => none.Status() with { OldestReceivedAt = OldestReceivedAt is { } oldest ? Callwatch.Spans.Timestamp.From(oldest) : null };
    }
}
