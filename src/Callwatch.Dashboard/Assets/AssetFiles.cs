using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Callwatch.Dashboard.Assets;

/// <summary>One file for the browser: its bytes as they are and packed.</summary>
internal sealed record AssetFile(string Name, string HashedName, string ContentType, byte[] Bytes, byte[] Brotli);

/// <summary>
/// Style, scripts and libraries, embedded in the program. Each is addressed by a name with the hash of its content,
/// so that a browser may keep it for ever and never shows an old one.
/// </summary>
public sealed class AssetFiles
{
    private const string Prefix = "asset/";

    private readonly FrozenDictionary<string, AssetFile> byName;
    private readonly FrozenDictionary<string, AssetFile> byHashedName;

    public AssetFiles()
    {
        var assembly = typeof(AssetFiles).Assembly;
        var files = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name =>
        {
            using var resource = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[resource.Length];
            resource.ReadExactly(bytes);
            return Describe(name[Prefix.Length..], bytes);
        }).ToList();
        byName = files.ToFrozenDictionary(file => file.Name, StringComparer.Ordinal);
        byHashedName = files.ToFrozenDictionary(file => file.HashedName, StringComparer.Ordinal);
    }

    /// <summary>The path below the path base; null when the build had no npm and this is a library from there.</summary>
    public string? Find(string name) => byName.TryGetValue(name, out var file) ? "/assets/" + file.HashedName : null;

    internal AssetFile? FindHashed(string hashedName) => byHashedName.GetValueOrDefault(hashedName);

    private static AssetFile Describe(string name, byte[] bytes)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..12];
        var extension = Path.GetExtension(name);
        var type = extension switch
        {
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) brotli.Write(bytes);
        return new AssetFile(name, Path.GetFileNameWithoutExtension(name) + "." + hash + extension, type, bytes, packed.ToArray());
    }
}
