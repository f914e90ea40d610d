namespace Callwatch;

/// <summary>A file of the data folder was written by a newer Callwatch; this one must not touch it. The program ends with exit code 2.</summary>
public sealed class NewerFormatException(string file, long found, long known)
    : Exception($"{file} has format {found}, written by a newer Callwatch; this one knows formats up to {known}. Run the newer version, or choose another folder with --data.")
{
    public string File { get; } = file;

    public long Found { get; } = found;

    public long Known { get; } = known;
}
