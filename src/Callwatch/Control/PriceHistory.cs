using System.IO.Compression;
using System.Text.Json;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>A price book that is or was in force; the layers by the hash of their content.</summary>
public sealed record PriceBookRecord(string Version, Timestamp InForceSince, string? Own, string? File, string BuiltIn);

/// <summary>Every price book that has been in force, with its content: a call is priced again by the book that priced it.</summary>
public sealed class PriceHistory(ControlDb db, TimeProvider time)
{
    private const string Columns = "version, in_force AS InForce, own, file, built_in AS BuiltIn";

    /// <summary>The one in force; null before the first.</summary>
    public PriceBookRecord? Latest()
    {
        using var connection = db.Open();
        return connection.QueryFirstOrDefault<Row>($"SELECT {Columns} FROM price_books ORDER BY id DESC LIMIT 1")?.ToRecord();
    }

    public PriceBookRecord? Find(string version)
    {
        using var connection = db.Open();
        return connection.QueryFirstOrDefault<Row>($"SELECT {Columns} FROM price_books WHERE version = @version ORDER BY id DESC LIMIT 1", new { version })?.ToRecord();
    }

    /// <summary>Version of the book in force at a time; the first one for times before it, null when there is none.</summary>
    public string? VersionAt(Timestamp time)
    {
        using var connection = db.Open();
        return connection.ExecuteScalar<string?>(
            "SELECT version FROM price_books ORDER BY in_force <= @at DESC, CASE WHEN in_force <= @at THEN -id ELSE id END LIMIT 1", new { at = time.UnixNanoseconds });
    }

    /// <summary>Latest first.</summary>
    public IReadOnlyList<PriceBookRecord> List(int limit)
    {
        using var connection = db.Open();
        return [.. connection.Query<Row>($"SELECT {Columns} FROM price_books ORDER BY id DESC LIMIT @limit", new { limit }).Select(row => row.ToRecord())];
    }

    /// <summary>The JSON of a layer; null when nobody has recorded it.</summary>
    public byte[]? Layer(string hash)
    {
        using var connection = db.Open();
        if (connection.ExecuteScalar<byte[]?>("SELECT body FROM price_layers WHERE hash = @hash", new { hash }) is not { } body) return null;
        using var inflate = new BrotliStream(new MemoryStream(body), CompressionMode.Decompress);
        using var json = new MemoryStream();
        inflate.CopyTo(json);
        return json.ToArray();
    }

    /// <summary>Puts a book on record as in force from now on, unless it already is the latest. Layers that are on record are not read.</summary>
    /// <param name="by">Whose change it is; null for what a start brings.</param>
    public void Record(string version, PriceLayerBody? own, PriceLayerBody? file, PriceLayerBody builtIn, PricesChangedBy? by = null)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var before = connection.ExecuteScalar<string?>("SELECT version FROM price_books ORDER BY id DESC LIMIT 1", transaction: transaction);
        if (before == version) return;
        foreach (var layer in new[] { own, file, builtIn }.OfType<PriceLayerBody>())
        {
            if (connection.ExecuteScalar<long>("SELECT count(*) FROM price_layers WHERE hash = @Hash", new { layer.Hash }, transaction) > 0) continue;
            var source = layer == own ? "own" : layer == file ? "file" : "built-in";
            connection.Execute("INSERT INTO price_layers (hash, source, body) VALUES (@Hash, @source, @body)", new { layer.Hash, source, body = Deflated(layer.Json()) }, transaction);
        }

        connection.Execute(
            "INSERT INTO price_books (version, in_force, own, file, built_in) VALUES (@version, @now, @own, @file, @builtIn)",
            new { version, now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds, own = own?.Hash, file = file?.Hash, builtIn = builtIn.Hash },
            transaction);
        if (by is not null) Note(connection, transaction, by, before, version, own?.Hash);
        transaction.Commit();
    }

    private void Note(SqliteConnection connection, SqliteTransaction transaction, PricesChangedBy by, string? before, string version, string? own)
    {
        var detail = JsonSerializer.Serialize(new Dictionary<string, string?> { ["before"] = before, ["version"] = version, ["own"] = own });
        connection.Execute(
            "INSERT INTO audit (time, tenant, who, what, detail) VALUES (@now, @TenantId, @Who, 'change prices', @detail)",
            new { now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds, by.TenantId, by.Who, detail }, transaction);
    }

    private static byte[] Deflated(byte[] json)
    {
        using var body = new MemoryStream();
        using (var deflate = new BrotliStream(body, CompressionLevel.Optimal)) deflate.Write(json);
        return body.ToArray();
    }

    private sealed record Row
    {
        public required string Version { get; init; }

        public required long InForce { get; init; }

        public string? Own { get; init; }

        public string? File { get; init; }

        public required string BuiltIn { get; init; }

        public PriceBookRecord ToRecord() => new(Version, new Timestamp(InForce), Own, File, BuiltIn);
    }
}

/// <summary>Who changed the operator's own prices, for the audit.</summary>
public sealed record PricesChangedBy(int TenantId, string Who);

/// <summary>A layer by its hash, with its JSON for when it is not on record yet.</summary>
public sealed record PriceLayerBody(string Hash, Func<byte[]> Json);
