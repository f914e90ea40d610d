using System.Text;
using Callwatch.Backup;
using Callwatch.Backup.Restoring;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Backup;

public sealed class ManifestFuzzTests
{
    private static readonly string[] Odd = ["null", "[]", "{}", "\"\"", "-1", "1e400", "9223372036854775808", "\"\\u0000\"", "\"..\"", "\"/etc/passwd\"", "\"a\\\\b\"", "\"\\ud800\"", "[null]", "[{}]"];

    [Fact]
    public async Task A_manifest_of_any_bytes_is_read_or_said_to_be_none_and_names_nothing_outside()
    {
        using var temp = new TempFolder();
        var good = new BackupManifest
        {
            Format = 1,
            Version = "1.0",
            MadeAt = new ManualTime().GetUtcNow(),
            Epoch = Guid.NewGuid(),
            First = 1,
            Head = 9,
            Places = new Dictionary<string, ManifestPlace>(StringComparer.Ordinal) { ["store"] = new(Guid.NewGuid(), 9) },
            LeftOut = ["admin.key"],
            Files = [new("format", 2, new string('a', 64)), new("store/catalog.db", 4096, new string('b', 64))],
        }.ToBytes();
        await Fuzz.ReadAsync(1, 4_000, [good], (bytes, random) =>
        {
            if (random.Next(2) == 0) bytes = Replaced(good, random);
            File.WriteAllBytes(temp.At(BackupManifest.FileName), bytes);
            File.WriteAllBytes(temp.At(BackupManifest.SumFileName), BackupManifest.SumBytes(bytes));
            var manifest = BackupManifest.Read(temp.Path, out var problem);
            Assert.Equal(manifest is null, problem.Length > 0);
            Assert.DoesNotContain('\n', problem);
            var verdict = BackupCheck.Run(temp.Path, _ => { }, CancellationToken.None);
            // None of the files is there.
            if (manifest is { Files.Count: > 0 }) Assert.False(verdict.IsWhole);
            foreach (var file in manifest?.Files ?? [])
                if (file.IsBelow) Assert.StartsWith(temp.Path + Path.DirectorySeparatorChar, Path.GetFullPath(file.In(temp.Path)), StringComparison.Ordinal);
        });
    }

    /// <summary>A value in the place of another: still JSON, another shape.</summary>
    private static byte[] Replaced(byte[] good, Random random)
    {
        var text = Encoding.UTF8.GetString(good);
        var colons = Enumerable.Range(0, text.Length).Where(at => text[at] == ':' && at > 0 && text[at - 1] == '"').ToList();
        var from = colons[random.Next(colons.Count)] + 1;
        var to = text.IndexOf('\n', from);
        var value = text[from..to].Trim();
        if (value is "[" or "{") to = text.IndexOf(value == "[" ? "\n  ]" : "\n  }", from, StringComparison.Ordinal) is > 0 and var end ? end + 4 : to;
        var odd = random.Next(8) == 0 ? Encoding.UTF8.GetBytes("null") : Encoding.UTF8.GetBytes(text[..from] + " " + Odd[random.Next(Odd.Length)] + (text[to - 1] == ',' || text[to] == ',' ? "," : "") + text[(text[to] == ',' ? to + 1 : to)..]);
        return odd;
    }
}
