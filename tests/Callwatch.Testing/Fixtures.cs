using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Callwatch.Testing;

/// <summary>The recorded requests of real clients under <c>tests/fixtures/otlp</c>, with the facts expected of them (its README says how to read them).</summary>
public static class Fixtures
{
    /// <summary>The folder <c>tests/fixtures</c> of this checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every scenario with OTLP requests, as "client/scenario".</summary>
    public static IReadOnlyList<Fixture> All { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Root, "otlp"), "*.meta.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read)];

    public static IReadOnlyList<Fixture> Otlp { get; } = [.. All.Where(fixture => fixture.Requests.All(request => request.Protocol != "http"))];

    public static Fixture Named(string name) => All.Single(fixture => fixture.Name == name);

    private static Fixture Read(string metaFile)
    {
        var meta = JsonNode.Parse(File.ReadAllText(metaFile))!.AsObject();
        var folder = Path.GetDirectoryName(metaFile)!;
        var requests = meta["requests"]!.AsArray().Select(request => new FixtureRequest(
            (string)request!["protocol"]!, (string)request["path"]!, (string?)request["contentType"], (string?)request["contentEncoding"],
            (string?)request["signal"], File.ReadAllBytes(Path.Combine(folder, (string)request["file"]!)))).ToList();
        return new Fixture(Path.GetFileName(folder) + "/" + Path.GetFileName(metaFile)[..^".meta.json".Length], requests, meta["expected"] as JsonObject, meta);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "tests", "fixtures");
            if (Directory.Exists(candidate)) return candidate;
        }

        throw new DirectoryNotFoundException("tests/fixtures is not above " + AppContext.BaseDirectory);
    }
}

public sealed record Fixture(string Name, IReadOnlyList<FixtureRequest> Requests, JsonObject? Expected, JsonObject Meta)
{
    public override string ToString() => Name;
}

/// <param name="Protocol"><c>http/protobuf</c>, <c>http/json</c>, <c>grpc</c>, or <c>http</c> for what is not OTLP.</param>
/// <param name="Body">The bytes as sent: compressed where they were, gRPC with its length prefix.</param>
public sealed record FixtureRequest(string Protocol, string Path, string? ContentType, string? ContentEncoding, string? Signal, byte[] Body)
{
    /// <summary>The OTLP message: without gRPC prefix, inflated. Still JSON where it was sent as JSON.</summary>
    public byte[] Message()
    {
        var (bytes, gzip) = Protocol == "grpc" ? (Body[5..], Body[0] == 1) : (Body, ContentEncoding == "gzip");
        if (!gzip) return bytes;
        using var inflate = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var result = new MemoryStream();
        inflate.CopyTo(result);
        return result.ToArray();
    }
}
