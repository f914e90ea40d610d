using System.Text.Json;

namespace Callwatch.Client.Api;

/// <summary>Says where a reader goes on that waits for a person's word.</summary>
public sealed record ApiContinue
{
    /// <summary><c>"head"</c> (what the journal holds now is left out), <c>"first"</c> (all of it is read), or the number of the record to go on with.</summary>
    public JsonElement? At { get; init; }
}

/// <summary>A reader goes on.</summary>
/// <param name="Reader">Its name.</param>
/// <param name="Epoch">The journal's epoch.</param>
/// <param name="After">It reads the records behind this one.</param>
public sealed record ApiContinued(string Reader, string Epoch, long After);
