using Callwatch.Backup.Copying;
using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Query;
using Callwatch.Store.Reading;
using Callwatch.Store.Writing;
using Microsoft.Data.Sqlite;

namespace Callwatch.Backup;

/// <summary>
/// Makes backups of a data folder, also while it is written: part by part, in an order that keeps every reader's place within the copied
/// journal. Intake goes on; nothing is removed meanwhile (<see cref="DataHold"/>).
/// </summary>
internal sealed class Backups(string data, SegmentJournal journal, DataHold hold, TimeProvider time, (StoreWriter Writer, WriterThread Thread)? writer)
{
    /// <summary>Copies everything to a folder that is new or empty.</summary>
    /// <param name="since">A backup before: what has not changed is shared with it. Null for none.</param>
    public async Task<BackupResult> MakeAsync(string directory, string? since, Action<BackupProgress> progress, CancellationToken cancel)
    {
        if (BackupFolder.ObjectionTo(directory, data) is { } objection) return new BackupResult.Failed(objection);
        if (since is not null && BackupManifest.Read(since, out var problem) is null) return new BackupResult.Failed($"{since} cannot be built upon: {problem}");
        using var held = hold.Take();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, held.Broken);
        var made = !Directory.Exists(directory);
        try
        {
            Folders.MakePrivate(directory);
            return await CopyAsync(directory, since, progress, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            Clear(directory, made);
            return new BackupResult.Failed(held.Broken.IsCancellationRequested ? "The disk of the data folder has no room left and needs what the backup holds on to." : "It was stopped.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            Clear(directory, made);
            return new BackupResult.Failed(Words(e));
        }
    }

    private async Task<BackupResult> CopyAsync(string directory, string? since, Action<BackupProgress> progress, CancellationToken cancel)
    {
        var part = "";
        BackupTarget? target = null;
        target = new BackupTarget(directory, since, _ => progress(new BackupProgress(part, target!.Files.Count, target.Bytes)), time);
        var journalPart = new JournalFolderPart(journal, data);
        foreach (var next in Parts(journalPart))
        {
            part = next.Name;
            progress(new BackupProgress(part, target.Files.Count, target.Bytes));
            await next.CopyAsync(target, cancel);
        }

        var manifest = new BackupManifest
        {
            Format = BackupManifest.CurrentFormat,
            Version = SystemQueries.Version,
            MadeAt = time.GetUtcNow(),
            Epoch = journal.Epoch,
            First = journalPart.First,
            Head = journalPart.Head,
            Places = Parts(journalPart).SelectMany(each => each.PlacesIn(directory)).OrderBy(place => place.Reader, StringComparer.Ordinal)
                .ToDictionary(place => place.Reader, place => ManifestPlace.Of(place.Place), StringComparer.Ordinal),
            LeftOut = [.. BackupPart.Secrets.Where(secret => Path.Exists(Path.Combine(data, secret)))],
            Files = target.Files,
        };
        cancel.ThrowIfCancellationRequested();
        target.Finish(manifest);
        return new BackupResult.Done(manifest, target.SharedBytes);
    }

    private List<BackupPart> Parts(JournalFolderPart journalPart) => PartsOf(data, journalPart, writer);

    /// <summary>In the order of copying. A part that is new goes before the journal when it keeps a place in it.</summary>
    public static List<BackupPart> PartsOf(string data, JournalFolderPart journalPart, (StoreWriter, WriterThread)? writer) =>
    [
        new FilesPart("forward", data, "forward.db"),
        new SettledPart(data),
        new FolderPart("store", data, first: "catalog.db", writer),
        new FolderPart("search", data, first: "catalog.db"),
        new FilesPart("control", data, "control.db", "format"),
        journalPart,
        new FolderPart("media", data, first: ""),
    ];

    /// <summary>Nothing half is left, and the room is free again.</summary>
    private static void Clear(string directory, bool made)
    {
        try
        {
            foreach (var folder in Directory.EnumerateDirectories(directory)) Directory.Delete(folder, recursive: true);
            foreach (var file in Directory.EnumerateFiles(directory)) File.Delete(file);
            if (made) Directory.Delete(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a manifest it is no backup anyway.
        }
    }

    private static string Words(Exception e) => FullDisk.Is(e) ? "The disk of the backup has no room left." : e.Message.ReplaceLineEndings(" ");
}
