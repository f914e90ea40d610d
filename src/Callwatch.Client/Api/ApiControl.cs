using System.Text.Json;

namespace Callwatch.Client.Api;

/// <summary>An app.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
public sealed record ApiApp(int Id, string Name);

/// <summary>Asks for an app or a tenant.</summary>
public sealed record ApiNewName
{
    /// <summary>The name.</summary>
    public string? Name { get; init; }
}

/// <summary>A tenant.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, as in the header <c>x-callwatch-tenant</c>.</param>
public sealed record ApiTenant(int Id, string Name);

/// <summary>The prices in force.</summary>
public sealed record ApiPrices
{
    /// <summary>Version of the book in force; each computed cost names the one that priced it.</summary>
    public required string Version { get; init; }

    /// <summary>Since when, RFC 3339 in UTC.</summary>
    public required string InForceSince { get; init; }

    /// <summary>The operator's own entries, looked up first: providers in the schema of the built-in list.</summary>
    public required JsonElement Own { get; init; }

    /// <summary>Every book that has been in force, latest first, at most 100.</summary>
    public required IReadOnlyList<ApiPriceBook> Books { get; init; }
}

/// <summary>Asks for other own prices.</summary>
public sealed record ApiOwnPrices
{
    /// <summary>All own entries, in place of those there are; an empty list takes them away.</summary>
    public JsonElement? Own { get; init; }
}

/// <summary>A price book: three lists, by the SHA-256 of their content.</summary>
/// <param name="Version">Names it.</param>
/// <param name="InForceSince">RFC 3339 in UTC.</param>
/// <param name="Own">The operator's own entries; null when there were none.</param>
/// <param name="File">The operator's file; null when there was none.</param>
/// <param name="BuiltIn">The list that came with the program.</param>
public sealed record ApiPriceBook(string Version, string InForceSince, string? Own, string? File, string BuiltIn);
