using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Sealing;

/// <summary>
/// Finds the sealed windows of a folder, and ends what a kill left half done: where a window and its originals are both there, one of them goes.
/// No file is inflated.
/// </summary>
internal sealed partial class SealedRecovery(JournalFolder folder, IJournalFiles files, Damage damage, FrameCache frames, ILogger log)
{
    private const string SetAsideEnding = ".damaged";

    public List<SealedWindow> Run()
    {
        var originals = folder.List().Segments;
        var windows = new List<SealedWindow>();
        foreach (var window in Newest(Open()).GroupBy(file => (file.Header.FirstNumber, file.Header.LastNumber)))
        {
            var replaced = originals.Where(path => Segment.NumberIn(path) is { } number && number >= window.Key.FirstNumber && number <= window.Key.LastNumber).ToList();
            // Originals go only after the lead has its name on disk: all of them and no lead is a swap that has not happened. And while they are all there,
            // no file of the window has been removed: one that is missing is lost, and they are not.
            if (replaced.Count >= window.First().Header.Sources && (window.Count() < window.First().Header.Files || !window.Any(file => file.Header.IsLead)))
            {
                Undone(log, window.Key.FirstNumber, window.Key.LastNumber);
                foreach (var file in window) Delete(file.Path);
                continue;
            }

            var sealedWindow = new SealedWindow([.. window], frames);
            if (replaced.Count > 0 && !(replaced.TrueForAll(Delete) && Sync())) sealedWindow.Leftovers.AddRange(replaced);
            windows.Add(sealedWindow);
        }

        return windows;
    }

    /// <summary>A number that is surely higher than all in the sealed files that were set aside and begin beyond another; 0 when there are none.</summary>
    public static long NumberBehindSetAside(string folder, long beyond) =>
        Directory.EnumerateFiles(folder, "*" + SealedFile.Ending + SetAsideEnding)
            .Where(path => SealedFile.NameParts(path)?.First > beyond)
            // No head takes less than the four bytes of its checksum.
            .Select(path => SealedFile.NameParts(path)!.Value.First + (new FileInfo(path).Length / 4) + 1).Append(0).Max();

    private IEnumerable<SealedFile> Open()
    {
        foreach (var path in folder.ListSealed())
        {
            SealedFile? file = null;
            var wasDamaged = false;
            try
            {
                file = SealedFile.Open(path, out wasDamaged);
            }
            catch (IOException e)
            {
                Unreadable(log, path, e);
            }

            if (file is null)
            {
                SetAside(path);
                continue;
            }

            if (file.Header.Version > SealedHeader.CurrentVersion)
                throw new StartRefusedException(new StartRefusal.DataNewer(folder.Path, "sealed journal", file.Header.Version, SealedHeader.CurrentVersion));
            if (wasDamaged) damage.Frame(path, 0, file.Header.FirstNumber, file.Header.LastNumber, "the header; its copy is used and nothing is lost");
            yield return file;
        }
    }

    /// <summary>Of two generations of a file the later one counts: it was whole before it got its name.</summary>
    private List<SealedFile> Newest(IEnumerable<SealedFile> all)
    {
        var newest = new List<SealedFile>();
        foreach (var same in all.ToList().GroupBy(file => (file.Header.FirstNumber, file.TenantId)))
        {
            var ordered = same.OrderByDescending(file => file.Generation).ToList();
            newest.Add(ordered[0]);
            foreach (var older in ordered.Skip(1)) Delete(older.Path);
        }

        return newest;
    }

    private void SetAside(string path)
    {
        damage.Segment(path, SealedFile.NameParts(path)!.Value.First, 0);
        WasSetAside(log, path);
        try
        {
            files.Rename(path, path + SetAsideEnding);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Unreadable(log, path, e);
        }
    }

    private bool Delete(string path)
    {
        try
        {
            files.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Unreadable(log, path, e);
            return false;
        }
    }

    private bool Sync()
    {
        try
        {
            files.SyncFolder(folder.Path);
            return true;
        }
        catch (IOException e)
        {
            Unreadable(log, folder.Path, e);
            return false;
        }
    }

    [LoggerMessage(EventId = 215, Level = LogLevel.Warning, Message = "Sealing records {First} to {Last} was interrupted; the originals stay")]
    private static partial void Undone(ILogger log, long first, long last);

    [LoggerMessage(EventId = 216, Level = LogLevel.Error, Message = "{Path} is damaged and was set aside")]
    private static partial void WasSetAside(ILogger log, string path);

    [LoggerMessage(EventId = 217, Level = LogLevel.Error, Message = "{Path} cannot be used")]
    private static partial void Unreadable(ILogger log, string path, Exception reason);
}
