using System.Collections.Concurrent;
using Callwatch.Search.Files;
using Callwatch.Search.Finding;

namespace Callwatch.Search;

/// <summary>A file that a question found damaged.</summary>
/// <param name="Attempt">Of the contents in which it was found.</param>
internal sealed record Suspicion(SearchFile File, int Attempt);

/// <summary>The full-text index as questions see it; there is none while it is switched off or has not been opened.</summary>
public sealed class SearchIndex : IDisposable
{
    private readonly ConcurrentDictionary<string, long> merged = new(StringComparer.Ordinal);
    private SearchFolder? folder;
    private Suspicion? suspect;

    internal SearchFolder? Folder => Volatile.Read(ref folder);

    /// <summary>What one question may ask; null when there is no index to ask.</summary>
    internal WordSearch? Ask(Func<bool> mustStop) => Folder is { } open ? new WordSearch(this, open, mustStop) : null;

    internal void Opened(SearchFolder opened) => Volatile.Write(ref folder, opened);

    /// <summary>A question found the file damaged; the index's own thread sets it aside.</summary>
    internal void Suspect(Suspicion suspicion) => Volatile.Write(ref suspect, suspicion);

    internal Suspicion? TakeSuspect() => Interlocked.Exchange(ref suspect, null);

    /// <summary>Also where little has come since: merging writes the whole file anew.</summary>
    internal bool IsMerged(SearchFile file) => merged.TryGetValue(file.Name, out var documents) && documents <= file.Documents && file.Documents - documents <= documents / 8;

    internal void Merged(SearchFile file) => merged[file.Name] = file.Documents;

    public void Dispose() => Folder?.Dispose();
}
