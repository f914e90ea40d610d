using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.CompilerServices;
using Callwatch.Client.Sentry.Profiles;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

/// <summary>From an address in memory back to the line it was compiled from.</summary>
public sealed class SourceLinesTests
{
    private static readonly Assembly Own = typeof(SourceLinesTests).Assembly;

    [Fact]
    public void A_line_is_found_by_method_and_instruction_in_the_file_beside_the_assembly()
    {
        var (method, first) = (Method(nameof(Two)), Here.LineOf("var a ="));
        var (start, end, unknown) = (CodeOf(method, 0), CodeOf(method, 10_000), CodeOf(method, null));
        var lines = new SourceLines(TimeProvider.System).Find([start, end, unknown, start]);
        Assert.All(lines.Values, place => Assert.EndsWith("SourceLinesTests.cs", place.File, StringComparison.Ordinal));
        Assert.InRange(lines[start].Line, first - 1, first);
        Assert.InRange(lines[end].Line, first + 1, first + 2);
        Assert.Equal(0, lines[unknown].Line);
    }

    [Fact]
    public void What_has_no_lines_has_none_and_nothing_is_thrown()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.At("broken.dll"), [.. File.ReadAllBytes(Own.Location)[..20_000]]);
        File.WriteAllText(folder.At("nonsense.dll"), "nonsense");
        File.Copy(Own.Location, folder.At("alone.dll"));
        File.Copy(Own.Location, folder.At("Harmed.dll"));
        File.WriteAllBytes(folder.At(Own.GetName().Name + ".pdb"), [.. Enumerable.Range(0, 5_000).Select(i => (byte)(i * 31))]);
        var token = Method(nameof(Two)).MetadataToken;
        var codes = new[] { "broken.dll", "nonsense.dll", "alone.dll", "Harmed.dll", "missing.dll", "" }.Select(name => new Code("T", "M", folder.At(name), token, 0)).ToList();
        codes.Add(new Code("T", "M", null, token, 0));
        codes.Add(new Code("T", "M", Own.Location, 0x06FF_FFFF, 0));
        codes.Add(new Code("T", "M", Own.Location, 0, 0));
        Assert.Empty(new SourceLines(TimeProvider.System).Find(codes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_instruction_is_that_of_the_code_before_it_whichever_is_told_first(bool offsetsFirst)
    {
        var map = new CodeMap();
        map.Module(9, "/app/shop.dll");
        for (var version = 0; version < 2; version++)
        {
            // The second version of the same method lies elsewhere and is longer.
            var offsets = Offsets((-2, 0), (0, 8), (7, 16 + version), (-3, 40), (3, 30));
            if (offsetsFirst) map.Offsets(1, offsets);
            map.Add(new CodeMap.Method(1, 1_000 + (ulong)(version * 1_000), 50, 9, 0x0600_0001, "Shop.Mailer", "Send"));
            if (!offsetsFirst) map.Offsets(1, offsets);
        }

        map.Pass();
        map.Offsets(2, Offsets((5, 0)));
        map.Add(new CodeMap.Method(3, 5_000, 50, 8, 0x0600_0002, "Shop.Mailer", "Other"));
        Assert.Equal([0, 0, 7, 3, 3], ((ulong[])[1_000, 1_008, 1_016, 1_030, 1_045]).Select(address => map.At(address, isLeaf: true)!.IlOffset));
        Assert.Equal(0, map.At(2_016, isLeaf: true)!.IlOffset);
        Assert.Equal(7, map.At(2_017, isLeaf: true)!.IlOffset);
        // The call that returns here stands before it.
        Assert.Equal(0, map.At(1_016, isLeaf: false)!.IlOffset);
        Assert.Equal(("/app/shop.dll", 0x0600_0001, "Send"), (map.At(1_000, true)!.Module, map.At(1_000, true)!.Token, map.At(1_000, true)!.Name));
        Assert.Equal((null, null), (map.At(5_000, true)!.Module, map.At(5_000, true)!.IlOffset));
        Assert.Null(map.At(999, true));
        Assert.Null(map.At(1_050, true));
    }

    private static byte[] Offsets(params (int Il, int Native)[] pairs)
    {
        var bytes = new byte[pairs.Length * 8];
        for (var i = 0; i < pairs.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 4), pairs[i].Il);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan((pairs.Length + i) * 4), pairs[i].Native);
        }

        return bytes;
    }

    private static MethodInfo Method(string name) => typeof(SourceLinesTests).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;

    private static Code CodeOf(MethodInfo method, int? offset) => new(method.DeclaringType!.FullName!, method.Name, Own.Location, method.MetadataToken, offset);

    private static int Two(int b)
    {
        var a = b * 2;
        return a + 1;
    }

    private static class Here
    {
        public static int LineOf(string text, [CallerFilePath] string file = "") => Array.FindIndex(File.ReadAllLines(file), line => line.TrimStart().StartsWith(text, StringComparison.Ordinal)) + 1;
    }
}
