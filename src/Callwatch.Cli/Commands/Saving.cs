using System.Globalization;

namespace Callwatch.Cli.Commands;

/// <summary>Puts what comes into a file that was not there, or on standard output.</summary>
internal static class Saving
{
    public static async Task<int> SaveAsync(HttpResponseMessage response, FileInfo? output, CancellationToken cancel)
    {
        if (output is null)
        {
            await using var standard = Console.OpenStandardOutput();
            await response.Content.CopyToAsync(standard, cancel);
            return CommandLine.Fine;
        }

        FileStream file;
        try
        {
            file = new FileStream(output.FullName, FileMode.CreateNew, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"callwatch: cannot write {output.FullName}: {e.Message.ReplaceLineEndings(" ")}");
            return CommandLine.Misuse;
        }

        var whole = false;
        try
        {
            await using (file)
            {
                await response.Content.CopyToAsync(file, cancel);
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{file.Length:N0} bytes to {output.FullName}"));
            }

            whole = true;
        }
        finally
        {
            // Half of it must not look like all.
            if (!whole) File.Delete(output.FullName);
        }

        return CommandLine.Fine;
    }
}
